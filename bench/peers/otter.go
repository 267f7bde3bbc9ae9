package peers

import (
	"bytes"
	"context"
	"time"

	"github.com/maypok86/otter/v2"
)

// Otter keeps sessions in a cache of otter without a bound, in which each has an expiry of its own. It removes what has
// expired by itself, about once a second.
type Otter struct{ cache *otter.Cache[string, entry] }

// NewOtter returns an empty store; Close ends its goroutine.
func NewOtter() *Otter {
	return &Otter{otter.Must(&otter.Options[string, entry]{
		ExpiryCalculator: otter.ExpiryWritingFunc(func(e otter.Entry[string, entry]) time.Duration {
			return time.Until(e.Value.expiresAt)
		}),
	})}
}

// Save stores a copy of data until expiresAt.
func (s *Otter) Save(ctx context.Context, id string, data []byte, expiresAt time.Time) error {
	s.cache.Set(id, entry{bytes.Clone(data), expiresAt})
	return ctx.Err()
}

// Load returns a copy of a session's data, or nil when it is missing or has expired.
func (s *Otter) Load(ctx context.Context, id string) ([]byte, error) {
	e, ok := s.cache.GetIfPresent(id)
	if !ok {
		return nil, ctx.Err()
	}
	return bytes.Clone(e.data), ctx.Err()
}

// Touch moves the expiry of a live session.
func (s *Otter) Touch(ctx context.Context, id string, expiresAt time.Time) error {
	s.cache.SetExpiresAfter(id, time.Until(expiresAt))
	return ctx.Err()
}

// Count returns how many sessions the store holds.
func (s *Otter) Count() int { return s.cache.EstimatedSize() }

// Close ends the cache's goroutine.
func (s *Otter) Close() error {
	s.cache.StopAllGoroutines()
	return nil
}
