package plain

import (
	"bytes"
	"context"
	"sync"
	"time"

	"github.com/limpet-go/limpet/session"
)

// Store is a session.SessionStore in one map under one lock, with a sweep that visits every session under it. It
// checks neither IDs nor sizes.
type Store struct {
	mu      sync.RWMutex
	entries map[string]entry
}

type entry struct {
	data      []byte
	expiresAt time.Time
}

// NewStore returns an empty store. It has no sweeper of its own: see Sweep.
func NewStore() *Store { return &Store{entries: map[string]entry{}} }

// Save stores a copy of data until expiresAt.
func (s *Store) Save(ctx context.Context, id string, data []byte, expiresAt time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	data = bytes.Clone(data)
	s.mu.Lock()
	s.entries[id] = entry{data, expiresAt}
	s.mu.Unlock()
	return nil
}

// Load returns a copy of a session's data, or nil when it is missing or has expired.
func (s *Store) Load(ctx context.Context, id string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	e, ok := s.entries[id]
	if !ok || !time.Now().Before(e.expiresAt) {
		return nil, nil
	}
	return bytes.Clone(e.data), nil
}

// Delete removes a session.
func (s *Store) Delete(ctx context.Context, id string) error {
	s.mu.Lock()
	delete(s.entries, id)
	s.mu.Unlock()
	return ctx.Err()
}

// Touch moves the expiry of a live session.
func (s *Store) Touch(ctx context.Context, id string, expiresAt time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if e, ok := s.entries[id]; ok && time.Now().Before(e.expiresAt) {
		e.expiresAt = expiresAt
		s.entries[id] = e
	}
	return nil
}

// SaveAll saves one session after another.
func (s *Store) SaveAll(ctx context.Context, sessions map[string]session.SessionData) error {
	for id, d := range sessions {
		if err := s.Save(ctx, id, d.Data, d.ExpiresAt); err != nil {
			return err
		}
	}
	return nil
}

// Close does nothing.
func (s *Store) Close() error { return nil }

// Sweep removes what has expired.
func (s *Store) Sweep() {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for id, e := range s.entries {
		if !now.Before(e.expiresAt) {
			delete(s.entries, id)
		}
	}
}

// Count returns how many sessions the store holds.
func (s *Store) Count() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.entries)
}
