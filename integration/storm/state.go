package storm

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
)

// minState is the size of the smallest state; the largest has twice that.
const minState = 1024

// errState says that bytes are not a state of the session that they were found under.
var errState = errors.New("storm: not a state of this session")

// ID returns the ID of session number i. All processes of a test agree on it by the seed.
func ID(seed uint64, i int) string { return hashed("session", seed, i) }

// StrangerID returns an ID that could be a session's, and is nobody's.
func StrangerID(seed uint64, i int) string { return hashed("stranger", seed, i) }

func hashed(kind string, seed uint64, i int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d %d", kind, seed, i))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// ForgedID returns an ID that can be no session's: too long, or of bytes that no ID has.
func ForgedID(seed uint64, i int) string {
	if id := StrangerID(seed, i); i%2 == 0 {
		return id + id
	}
	return fmt.Sprintf("%d\n%d", seed, i)
}

// Addr returns the address of session number i, its own.
func Addr(i int) string {
	var a [4]byte
	binary.BigEndian.PutUint32(a[:], 10<<24+uint32(i))
	return netip.AddrFrom4(a).String()
}

// State returns the state of a session in its given version, one to two KiB. Every byte of it follows from the two, so
// that it proves itself.
func State(id string, version uint64) []byte {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", id, version))
	data := make([]byte, minState+binary.BigEndian.Uint16(sum[:])%minState)
	_, _ = rand.NewChaCha8(sum).Read(data) // never fails
	binary.BigEndian.PutUint64(data, version)
	return data
}

// Version returns which version of a session's state this is, or an error if it is none, or not to the last byte.
func Version(id string, data []byte) (uint64, error) {
	if len(data) < minState {
		return 0, errState
	}
	version := binary.BigEndian.Uint64(data)
	if !bytes.Equal(data, State(id, version)) {
		return 0, errState
	}
	return version, nil
}

// Sum is one value for many IDs, in the order given, so that two processes can compare what they hold.
func Sum(ids []string) string {
	sum := sha256.New()
	for _, id := range ids {
		_, _ = fmt.Fprintln(sum, id) // never fails
	}
	return fmt.Sprintf("%x", sum.Sum(nil))
}
