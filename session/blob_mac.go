package session

import (
	"crypto/hmac"
	"crypto/sha256"
	"hash"
	"sync"
)

// macPool computes HMAC-SHA256 under one key, keeping keyed states so that a call allocates nothing. Any number of
// goroutines may use it.
type macPool struct{ states sync.Pool }

type macState struct {
	hash  hash.Hash
	bound [1 + maxIDLen]byte
	sum   [macSize]byte
}

func newMACPool(key []byte) *macPool {
	p := new(macPool)
	p.states.New = func() any { return &macState{hash: hmac.New(sha256.New, key)} }
	return p
}

// append appends to dst the MAC of what binds the session and of data.
func (p *macPool) append(dst []byte, sessionID string, data []byte) []byte {
	s := p.get(sessionID, data)
	dst = append(dst, s.sum[:]...)
	p.states.Put(s)
	return dst
}

// verify reports, in constant time, whether sum is the MAC of what binds the session and of data.
func (p *macPool) verify(sum []byte, sessionID string, data []byte) bool {
	s := p.get(sessionID, data)
	ok := hmac.Equal(s.sum[:], sum)
	p.states.Put(s)
	return ok
}

func (p *macPool) get(sessionID string, data []byte) *macState {
	s := p.states.Get().(*macState)
	s.hash.Reset()
	s.hash.Write(appendBinding(s.bound[:0], sessionID))
	s.hash.Write(data)
	s.hash.Sum(s.sum[:0])
	return s
}

// appendBinding appends what ties a blob to a session: the size of its ID, in a byte, and the ID.
func appendBinding(dst []byte, sessionID string) []byte {
	dst = append(dst, byte(len(sessionID)))
	return append(dst, sessionID...)
}
