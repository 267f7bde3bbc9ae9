// Package dirstore is the example of docs/writing-a-store.md: a session.SessionStore that keeps every session in a file
// of its own.
package dirstore

import (
	"context"
	"errors"
	"hash/maphash"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/limpet-go/limpet/session"
)

// Store keeps each session in a file of its own. It is safe for concurrent use; one process at a time may have a
// directory open.
type Store struct {
	dir   string
	seed  maphash.Seed
	locks [64]sync.Mutex // each is that of the sessions whose IDs have its number
	calls chan struct{}  // has one element for each call that uses the disk

	mu      sync.RWMutex
	closed  bool
	running sync.WaitGroup // calls, those included whose callers have given up
}

const (
	callTimeout = 30 * time.Second // for callers that bring no deadline
	mostCalls   = 16               // that use the disk at the same time
	stepSize    = 16               // sessions of a batch that are written together
	unfinished  = "new-"           // begins the names of files that are being written
)

// Open opens the store in a directory, which is made if it is missing. Close it in the end.
func Open(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, failed("open", err)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, failed("open", err)
	}
	for _, f := range files {
		if strings.HasPrefix(f.Name(), unfinished) { // by a process that was killed
			if err := os.Remove(filepath.Join(dir, f.Name())); err != nil {
				return nil, failed("open", err)
			}
		}
	}
	return &Store{dir: dir, seed: maphash.MakeSeed(), calls: make(chan struct{}, mostCalls)}, nil
}

// Close waits for calls that are under way. It may be called again.
func (s *Store) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.running.Wait()
	return nil
}

// ready says whether the store is open.
func (s *Store) ready() error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return session.ErrStoreClosed{}
	}
	return nil
}

// check says why a session cannot be saved.
func (s *Store) check(id string, data []byte) error {
	if err := s.ready(); err != nil {
		return err
	}
	if !valid(id) {
		return session.ErrInvalidSessionID
	}
	if len(data) > session.DefaultMaxSessionBytes {
		return &session.SizeError{Size: len(data), Limit: session.DefaultMaxSessionBytes}
	}
	return nil
}

func valid(id string) bool {
	for i := range len(id) {
		if id[i] < 0x21 || id[i] > 0x7e {
			return false
		}
	}
	return 1 <= len(id) && len(id) <= 64
}

// Load returns the data of a live session, else nil.
func (s *Store) Load(ctx context.Context, id string) ([]byte, error) {
	if !valid(id) {
		return nil, s.ready()
	}
	var data []byte
	err := s.do(ctx, "load", func(ctx context.Context) error {
		return s.locked(ctx, id, func() (err error) { data, err = s.read(id); return err })
	})
	if err != nil {
		return nil, err
	}
	return data, nil
}

// Save writes a session, durably.
func (s *Store) Save(ctx context.Context, id string, data []byte, expiresAt time.Time) error {
	if err := s.check(id, data); err != nil {
		return err
	}
	own, at := slices.Clone(data), deadline(expiresAt)
	return s.do(ctx, "save", func(ctx context.Context) error {
		return s.locked(ctx, id, func() error { return errors.Join(s.write(id, at, own), s.sync()) })
	})
}

// Touch moves the expiry of a live session.
func (s *Store) Touch(ctx context.Context, id string, expiresAt time.Time) error {
	if !valid(id) {
		return s.ready()
	}
	at := deadline(expiresAt)
	return s.do(ctx, "touch", func(ctx context.Context) error {
		return s.locked(ctx, id, func() error {
			data, err := s.read(id)
			if data == nil || err != nil {
				return err
			}
			return errors.Join(s.write(id, at, data), s.sync())
		})
	})
}

// Delete removes a session, durably.
func (s *Store) Delete(ctx context.Context, id string) error {
	if !valid(id) {
		return s.ready()
	}
	return s.do(ctx, "delete", func(ctx context.Context) error {
		return s.locked(ctx, id, func() error { return errors.Join(s.remove(id), s.sync()) })
	})
}
