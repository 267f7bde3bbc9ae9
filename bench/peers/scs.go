package peers

import (
	"bytes"
	"context"
	"time"

	"github.com/alexedwards/scs/v2/memstore"
)

// SCS keeps sessions in the memory store of scs, whose own API has neither copies nor Touch.
type SCS struct{ store *memstore.MemStore }

// NewSCS returns an empty store without a cleanup goroutine.
func NewSCS() *SCS { return &SCS{memstore.NewWithCleanupInterval(0)} }

// Save stores a copy of data until expiresAt.
func (s *SCS) Save(_ context.Context, id string, data []byte, expiresAt time.Time) error {
	return s.store.Commit(id, bytes.Clone(data), expiresAt)
}

// Load returns a copy of a session's data, or nil when it is missing or has expired.
func (s *SCS) Load(_ context.Context, id string) ([]byte, error) {
	data, _, err := s.store.Find(id)
	return bytes.Clone(data), err
}

// Touch finds the session and commits it anew, which is the only way scs has, and loses a write between the two.
func (s *SCS) Touch(_ context.Context, id string, expiresAt time.Time) error {
	data, ok, err := s.store.Find(id)
	if err != nil || !ok {
		return err
	}
	return s.store.Commit(id, data, expiresAt)
}

// Close does nothing.
func (s *SCS) Close() error { return nil }
