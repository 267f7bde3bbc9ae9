package peers

import (
	"bytes"
	"context"
	"time"

	"github.com/puzpuzpuz/xsync/v4"
)

// XSync keeps sessions in an xsync map.
type XSync struct{ entries *xsync.Map[string, entry] }

type entry struct {
	data      []byte
	expiresAt time.Time
}

// NewXSync returns an empty store.
func NewXSync() *XSync { return &XSync{xsync.NewMap[string, entry]()} }

// Save stores a copy of data until expiresAt.
func (s *XSync) Save(ctx context.Context, id string, data []byte, expiresAt time.Time) error {
	s.entries.Store(id, entry{bytes.Clone(data), expiresAt})
	return ctx.Err()
}

// Load returns a copy of a session's data, or nil when it is missing or has expired.
func (s *XSync) Load(ctx context.Context, id string) ([]byte, error) {
	e, ok := s.entries.Load(id)
	if !ok || !time.Now().Before(e.expiresAt) {
		return nil, ctx.Err()
	}
	return bytes.Clone(e.data), ctx.Err()
}

// Touch moves the expiry of a live session.
func (s *XSync) Touch(ctx context.Context, id string, expiresAt time.Time) error {
	s.entries.Compute(id, func(e entry, ok bool) (entry, xsync.ComputeOp) {
		if !ok || !time.Now().Before(e.expiresAt) {
			return e, xsync.CancelOp
		}
		e.expiresAt = expiresAt
		return e, xsync.UpdateOp
	})
	return ctx.Err()
}

// Sweep removes what has expired.
func (s *XSync) Sweep() {
	now := time.Now()
	s.entries.Range(func(id string, e entry) bool {
		if !now.Before(e.expiresAt) {
			s.entries.Delete(id)
		}
		return true
	})
}

// Count returns how many sessions the store holds.
func (s *XSync) Count() int { return s.entries.Size() }

// Close does nothing.
func (s *XSync) Close() error { return nil }
