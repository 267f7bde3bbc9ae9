package session

import (
	"context"
	"hash/maphash"
	"sync/atomic"
	"time"
)

const (
	memoryShards           = 64
	defaultCleanupInterval = time.Minute
)

// MemoryStore is a SessionStore in this process's memory: the default, for one server. Its sessions end with the
// process.
//
// It is safe for concurrent use. Expiry follows this process's monotonic clock, so a step of the wall clock
// neither shortens nor extends a session that is already stored. A nil or zero MemoryStore behaves as a closed
// one; make stores with NewMemoryStore and end them with Close.
type MemoryStore struct {
	open     atomic.Bool
	maxBytes int
	base     time.Time // deadlines count from here
	seed     maphash.Seed
	stop     chan struct{} // closed by the first Close
	swept    chan struct{} // closed when the sweeper has returned
	shards   [memoryShards]memoryShard
	users    memoryUsers
}

// MemoryStoreOption is an option of NewMemoryStore.
type MemoryStoreOption func(*memoryStoreConfig)

type memoryStoreConfig struct {
	cleanupInterval time.Duration
	maxBytes        int
}

// WithCleanupInterval sets how often the memory of expired sessions is given back; they are missing from the
// instant they expire in any case. Zero is the default, one minute; negative is never.
func WithCleanupInterval(d time.Duration) MemoryStoreOption {
	return func(c *memoryStoreConfig) { c.cleanupInterval = d }
}

// WithMemoryMaxBytes sets how large the data of one session may be, in bytes. Zero is the default,
// DefaultMaxSessionBytes; negative is no limit.
func WithMemoryMaxBytes(n int) MemoryStoreOption {
	return func(c *memoryStoreConfig) { c.maxBytes = n }
}

// NewMemoryStore returns an empty store and starts the goroutine that gives back the memory of expired sessions;
// Close stops it. nil options are ignored.
func NewMemoryStore(opts ...MemoryStoreOption) *MemoryStore {
	var c memoryStoreConfig
	for _, opt := range opts {
		if opt != nil {
			opt(&c)
		}
	}
	m := &MemoryStore{
		maxBytes: maxSessionBytes(c.maxBytes),
		base:     time.Now(),
		seed:     maphash.MakeSeed(),
		stop:     make(chan struct{}),
		swept:    make(chan struct{}),
	}
	for i := range m.shards {
		m.shards[i].open, m.shards[i].data.Tagged = true, true
	}
	m.open.Store(true)
	m.startSweeper(c.cleanupInterval)
	return m
}

// Save stores a copy of data until expiresAt. See SessionStore for the contract.
func (m *MemoryStore) Save(ctx context.Context, sessionID string, data []byte, expiresAt time.Time) error {
	if err := m.ready(ctx); err != nil {
		return err
	}
	if m.maxBytes >= 0 && len(data) > m.maxBytes {
		return checkSave(sessionID, data, m.maxBytes)
	}
	now, deadline := m.clock(expiresAt)
	s, hash := m.shard(sessionID)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.open {
		return ErrStoreClosed{}
	}
	return s.save(hash, sessionID, data, now, deadline)
}

// Load returns a copy of a session's data, or nil and no error when it is missing or has expired.
func (m *MemoryStore) Load(ctx context.Context, sessionID string) ([]byte, error) {
	if err := m.ready(ctx); err != nil {
		return nil, err
	}
	s, hash := m.shard(sessionID)
	s.mu.RLock()
	defer s.mu.RUnlock()
	if !s.open {
		return nil, ErrStoreClosed{}
	}
	r, ok := s.live(hash, sessionID, time.Since(m.base))
	if !ok {
		return nil, nil
	}
	return append([]byte{}, s.read(r)...), nil
}

// Delete removes a session; a missing one is not an error.
func (m *MemoryStore) Delete(ctx context.Context, sessionID string) error {
	if err := m.ready(ctx); err != nil {
		return err
	}
	s, hash := m.shard(sessionID)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.open {
		return ErrStoreClosed{}
	}
	s.remove(s.find(hash, sessionID))
	return nil
}

// Touch moves the expiry of a live session; a missing or expired one stays so.
func (m *MemoryStore) Touch(ctx context.Context, sessionID string, expiresAt time.Time) error {
	if err := m.ready(ctx); err != nil {
		return err
	}
	now, deadline := m.clock(expiresAt)
	s, hash := m.shard(sessionID)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.open {
		return ErrStoreClosed{}
	}
	s.touch(hash, sessionID, now, deadline)
	return nil
}

// Count returns how many sessions the store holds, those included that have expired and were not swept yet. While
// others write it is no snapshot. It is for monitoring and tests.
func (m *MemoryStore) Count() int {
	if m == nil {
		return 0
	}
	n := 0
	for i := range m.shards {
		s := &m.shards[i]
		s.mu.RLock()
		n += s.count()
		s.mu.RUnlock()
	}
	return n
}

// Close forgets every session and stops the sweeper; it returns when the sweeper has ended. It may be called
// again and from many goroutines, and always returns nil.
func (m *MemoryStore) Close() error {
	if m == nil || m.stop == nil {
		return nil
	}
	if m.open.CompareAndSwap(true, false) {
		close(m.stop)
		for i := range m.shards {
			m.shards[i].drop()
		}
		m.users.mu.Lock()
		m.users.drop()
		m.users.mu.Unlock()
	}
	<-m.swept
	return nil
}

// ready says whether a call may go on: not on a closed store, nor with a context that has ended.
func (m *MemoryStore) ready(ctx context.Context) error {
	if m == nil || !m.open.Load() {
		return ErrStoreClosed{}
	}
	return ctx.Err()
}

// shard returns where a session is kept, and the hash under which it is found there. The seed is the store's own and
// secret: nobody can choose IDs that share a hash.
func (m *MemoryStore) shard(id string) (*memoryShard, uint32) {
	hash := maphash.String(m.seed, id)
	return &m.shards[hash%memoryShards], uint32(hash >> 32)
}

// clock reads the clock once and returns the present and the deadline that expiresAt means, both counted from
// base. expiresAt counts as a remaining duration: its zone does not matter, and the wall clock only where it
// carries no monotonic reading.
func (m *MemoryStore) clock(expiresAt time.Time) (now, deadline time.Duration) {
	if wall := expiresAt.Round(0); wall != expiresAt { // Round drops the monotonic reading, and nothing else
		return time.Since(m.base), expiresAt.Sub(m.base)
	}
	t := time.Now()
	now = t.Sub(m.base)
	deadline = now + expiresAt.Sub(t)
	if deadline < now && expiresAt.After(t) {
		return now, maxDuration // beyond what a duration can hold
	}
	return now, deadline
}
