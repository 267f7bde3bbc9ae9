package soak

import (
	"bytes"
	"encoding/binary"
	"hash/fnv"
	"math/rand/v2"
)

var filler = bytes.Repeat([]byte("limpet "), 10_000)

// value is the data of a version of a session, different for each. Most have some hundred bytes, a few 70 KB.
func value(id string, version uint64) []byte {
	h := fnv.New64a()
	h.Write([]byte(id))
	rnd := rand.New(rand.NewPCG(h.Sum64(), version))
	size := 8 + rnd.IntN(2000)
	if rnd.IntN(100) == 0 {
		size = len(filler)
	}
	data := bytes.Clone(filler[:size])
	binary.BigEndian.PutUint64(data, version)
	if size > 16 {
		binary.BigEndian.PutUint64(data[size-8:], rnd.Uint64())
	}
	return data
}

// versionOf returns which version the data is, 0 for none. It reports false for data that nobody wrote for this session.
func versionOf(id string, data []byte) (uint64, bool) {
	if data == nil {
		return 0, true
	}
	if len(data) < 8 {
		return 0, false
	}
	version := binary.BigEndian.Uint64(data)
	return version, bytes.Equal(data, value(id, version))
}
