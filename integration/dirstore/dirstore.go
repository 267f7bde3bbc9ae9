// Package dirstore is the example of docs/writing-a-store.md: a session.SessionStore that keeps every session in a file
// of its own.
package dirstore

import (
	"context"
	"errors"
	"maps"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/limpet-go/limpet/session"
)

// Store keeps each session in a file of its own. It is safe for concurrent use; one process at a time may have a
// directory open.
type Store struct {
	dir    string
	turn   chan struct{} // full while a call uses the disk
	closed atomic.Bool
}

// callTimeout is for callers that bring no deadline.
const callTimeout = 30 * time.Second

// Open opens the store in a directory, which is made if it is missing. Close it in the end.
func Open(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, failed("open", err)
	}
	return &Store{dir: dir, turn: make(chan struct{}, 1)}, nil
}

// Close waits for the call that uses the disk. It may be called again.
func (s *Store) Close() error {
	s.closed.Store(true)
	s.turn <- struct{}{}
	<-s.turn
	return nil
}

// ready says whether the store is open.
func (s *Store) ready() error {
	if s.closed.Load() {
		return session.ErrStoreClosed{}
	}
	return nil
}

func valid(id string) bool {
	strange := func(r rune) bool { return r < 0x21 || r > 0x7e }
	return 1 <= len(id) && len(id) <= 64 && !strings.ContainsFunc(id, strange)
}

// Load returns the data of a live session, else nil.
func (s *Store) Load(ctx context.Context, id string) ([]byte, error) {
	if !valid(id) {
		return nil, s.ready()
	}
	var data []byte
	err := s.do(ctx, "load", func() (err error) { data, err = s.read(id); return err })
	if err != nil {
		return nil, err
	}
	return data, nil
}

// Save writes a session, durably.
func (s *Store) Save(ctx context.Context, id string, data []byte, expiresAt time.Time) error {
	if err := s.put(ctx, id, data, expiresAt); err != nil {
		return err
	}
	return s.do(ctx, "save", s.sync)
}

// put writes a session. It is durable after the next sync.
func (s *Store) put(ctx context.Context, id string, data []byte, expiresAt time.Time) error {
	switch err := s.ready(); {
	case err != nil:
		return err
	case !valid(id):
		return session.ErrInvalidSessionID
	case len(data) > session.DefaultMaxSessionBytes:
		return &session.SizeError{Size: len(data), Limit: session.DefaultMaxSessionBytes}
	}
	own, at := slices.Clone(data), deadline(expiresAt)
	return s.do(ctx, "save", func() error { return s.write(id, at, own) })
}

// Touch moves the expiry of a live session.
func (s *Store) Touch(ctx context.Context, id string, expiresAt time.Time) error {
	if !valid(id) {
		return s.ready()
	}
	at := deadline(expiresAt)
	return s.do(ctx, "touch", func() error {
		data, err := s.read(id)
		if data == nil || err != nil {
			return err
		}
		return errors.Join(s.write(id, at, data), s.sync())
	})
}

// Delete removes a session, durably.
func (s *Store) Delete(ctx context.Context, id string) error {
	if !valid(id) {
		return s.ready()
	}
	return s.do(ctx, "delete", func() error { return errors.Join(s.remove(id), s.sync()) })
}

// SaveAll writes the sessions of a batch one after the other. Its error is a *session.NotSavedError.
func (s *Store) SaveAll(ctx context.Context, sessions map[string]session.SessionData) error {
	if err := s.ready(); err != nil {
		return err
	}
	ctx, cancel := bounded(ctx)
	defer cancel()
	var written, left []string
	var badID, tooLarge, cause error
	for _, id := range slices.Sorted(maps.Keys(sessions)) {
		err := s.put(ctx, id, sessions[id].Data, sessions[id].ExpiresAt)
		switch {
		case err == nil:
			written = append(written, id)
			continue
		case errors.Is(err, session.ErrInvalidSessionID):
			badID = err
		case errors.Is(err, session.ErrSessionTooLarge):
			tooLarge = err
		default:
			cause = err
		}
		left = append(left, id)
	}
	if len(written) > 0 {
		if err := s.do(ctx, "save all", s.sync); err != nil { // nobody knows what would survive a crash
			left, cause = append(left, written...), err
		}
	}
	if len(left) == 0 {
		return nil
	}
	slices.Sort(left)
	return &session.NotSavedError{SessionIDs: left, Err: errors.Join(badID, tooLarge, cause)}
}

// Ping says whether the directory is there.
func (s *Store) Ping(ctx context.Context) error {
	return s.do(ctx, "ping", func() error { _, err := os.Stat(s.dir); return err })
}
