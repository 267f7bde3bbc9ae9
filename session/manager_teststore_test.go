package session_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

// faultStore is a store whose latency, failures and blocking the test sets, and which notes what was done to it. It
// is an error to write one session twice at once.
type faultStore struct {
	t *testing.T

	mu         sync.Mutex
	data       map[string]session.SessionData
	latency    time.Duration
	fail       error // of every call
	failWrites error
	refuse     func(id string) error // of one entry
	block      chan struct{}         // writes and loads wait until it is closed, or their context ends
	deaf       bool                  // waiting ignores contexts
	busy       map[string]bool
	running    int
	most       int      // writes at once
	log        []string // "save id data", "touch id", "delete id", in the order they took effect
	calls      int
	loads      int
	onLoaded   func(id string) // after the data were read, before Load returns
}

func newFaultStore(t *testing.T) *faultStore {
	return &faultStore{t: t, data: map[string]session.SessionData{}, busy: map[string]bool{}}
}

func (s *faultStore) set(change func(s *faultStore)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

// rest returns when no write is under way; a keepalive may begin one at any time.
func (s *faultStore) rest() {
	for busy := true; busy; {
		after(20 * time.Second)
		s.set(func(s *faultStore) { busy = s.running > 0 })
	}
}

func (s *faultStore) setFail(err error) { s.set(func(s *faultStore) { s.fail = err }) }

// pause makes calls wait until the returned function is called.
func (s *faultStore) pause() (resume func()) {
	gate := make(chan struct{})
	s.set(func(s *faultStore) { s.block = gate })
	return func() {
		s.set(func(s *faultStore) { s.block = nil })
		close(gate)
	}
}

// begin waits as the test wants, with the sessions marked as being written.
func (s *faultStore) begin(ctx context.Context, ids ...string) error {
	s.mu.Lock()
	s.calls++
	for _, id := range ids {
		if s.busy[id] {
			s.t.Errorf("two writes of session %s at once", id)
		}
		s.busy[id] = true
	}
	if len(ids) > 0 {
		s.running++
		s.most = max(s.most, s.running)
	}
	gate, latency, deaf := s.block, s.latency, s.deaf
	s.mu.Unlock()
	if gate != nil {
		if deaf {
			<-gate
		}
		select {
		case <-gate:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if latency > 0 {
		select {
		case <-time.After(latency):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failWrites != nil && len(ids) > 0 {
		return s.failWrites
	}
	return s.fail
}

func (s *faultStore) end(ids ...string) {
	for _, id := range ids {
		delete(s.busy, id)
	}
	if len(ids) > 0 {
		s.running--
	}
}

// write runs change under the lock if the call may take effect.
func (s *faultStore) write(ctx context.Context, ids []string, change func()) error {
	err := s.begin(ctx, ids...)
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.end(ids...)
	if err != nil {
		return fmt.Errorf("fault store: %w", err)
	}
	change()
	return nil
}

func (s *faultStore) put(id string, d session.SessionData) {
	s.data[id] = session.SessionData{Data: slices.Clone(d.Data), ExpiresAt: d.ExpiresAt}
	s.log = append(s.log, fmt.Sprintf("save %s %s", id, d.Data))
}

func (s *faultStore) refused(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse != nil {
		return s.refuse(id)
	}
	return nil
}

func (s *faultStore) Save(ctx context.Context, id string, data []byte, expiresAt time.Time) error {
	if err := s.refused(id); err != nil {
		return err
	}
	return s.write(ctx, []string{id}, func() { s.put(id, session.SessionData{Data: data, ExpiresAt: expiresAt}) })
}

func (s *faultStore) SaveAll(ctx context.Context, sessions map[string]session.SessionData) error {
	var ids, bad []string
	var cause error
	for id := range sessions {
		if err := s.refused(id); err != nil {
			bad, cause = append(bad, id), err
			continue
		}
		ids = append(ids, id)
	}
	err := s.write(ctx, ids, func() {
		for _, id := range ids {
			s.put(id, sessions[id])
		}
	})
	if err != nil {
		return &session.NotSavedError{SessionIDs: append(ids, bad...), Err: errors.Join(err, cause)}
	}
	if bad != nil {
		return &session.NotSavedError{SessionIDs: bad, Err: cause}
	}
	return nil
}

func (s *faultStore) Touch(ctx context.Context, id string, expiresAt time.Time) error {
	return s.write(ctx, []string{id}, func() { s.extend(id, expiresAt) })
}

func (s *faultStore) extend(id string, expiresAt time.Time) {
	if d, ok := s.data[id]; ok && d.ExpiresAt.After(time.Now()) {
		d.ExpiresAt = expiresAt
		s.data[id] = d
	}
	s.log = append(s.log, "touch "+id)
}

func (s *faultStore) Delete(ctx context.Context, id string) error {
	return s.write(ctx, []string{id}, func() { s.remove(id) })
}

func (s *faultStore) remove(id string) {
	delete(s.data, id)
	s.log = append(s.log, "delete "+id)
}

func (s *faultStore) Load(ctx context.Context, id string) ([]byte, error) {
	data, _ := s.stored(id)
	s.set(func(s *faultStore) { s.loads++ })
	if err := s.begin(ctx); err != nil {
		return nil, fmt.Errorf("fault store: %w", err)
	}
	if s.onLoaded != nil {
		s.onLoaded(id)
	}
	return data, nil
}

func (s *faultStore) Close() error { return nil }

// stored returns what a load would find now, and until when.
func (s *faultStore) stored(id string) ([]byte, time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, ok := s.data[id]
	if !ok || !d.ExpiresAt.After(time.Now()) {
		return nil, time.Time{}
	}
	return append([]byte{}, d.Data...), d.ExpiresAt
}

// history returns what was done to one session.
func (s *faultStore) history(id string) (ops []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, op := range s.log {
		if op == "touch "+id || op == "delete "+id || len(op) > 5+len(id) && op[:6+len(id)] == "save "+id+" " {
			ops = append(ops, op)
		}
	}
	return ops
}

var errDown = errors.New("store is down")
