package storetest

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

func lifecycleChecks() []check {
	return []check{
		{"after Close every call is ErrStoreClosed", closedCalls},
		{"after Close empty batches and invalid IDs are ErrStoreClosed too", closedWithoutWork},
		{"Close is idempotent", closeTwice},
		{"Close may be called from many goroutines", closeAtOnce},
		{"Close lets running calls end and fails those that follow", closeWhileBusy},
		{"Close of one client leaves the others at work", closeOneClient},
	}
}

// callsFail checks that every method fails with ErrStoreClosed.
func (s *subject) callsFail(t testing.TB, id string, expiresAt time.Time, batch map[string]session.SessionData) {
	t.Helper()
	closed := session.ErrStoreClosed{}
	data, err := s.Load(s.ctx, id)
	fails(t, "Load", err, closed, id)
	if data != nil {
		t.Fatalf("Load after Close returned %s", brief(data))
	}
	fails(t, "Save", s.Save(s.ctx, id, []byte("x"), expiresAt), closed, id)
	fails(t, "Delete", s.Delete(s.ctx, id), closed, id)
	fails(t, "Touch", s.Touch(s.ctx, id, expiresAt), closed, id)
	fails(t, "SaveAll", s.SaveAll(s.ctx, batch), closed, id)
	if s.kit.opts.Atomic {
		fails(t, "SaveAllAtomic", s.atomic(t).SaveAllAtomic(s.ctx, batch), closed, id)
	}
}

func (s *subject) close(t testing.TB) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
}

func closedCalls(t testing.TB, k *kit) {
	s := k.store(t)
	id := newID("")
	s.save(t, id, []byte("x"), later())
	s.close(t)
	s.callsFail(t, id, later(), batchOf([]string{id}, later()))
	s.close(t)
	s.callsFail(t, id, later(), batchOf([]string{id}, later()))
}

func closedWithoutWork(t testing.TB, k *kit) {
	s := k.store(t)
	s.close(t)
	s.callsFail(t, newID(" "), later(), nil)
	s.callsFail(t, "", later(), map[string]session.SessionData{})
	s.callsFail(t, newID(""), time.Time{}, map[string]session.SessionData{newID("é"): {}})
}

func closeTwice(t testing.TB, k *kit) {
	s := k.store(t)
	for range 3 {
		s.close(t)
	}
}

func closeAtOnce(t testing.TB, k *kit) {
	s := k.store(t)
	s.save(t, newID(""), []byte("x"), later())
	if err := together(16, func(int) error { return s.Close() }); err != nil {
		t.Fatalf("Close: %v", err)
	}
	s.callsFail(t, newID(""), later(), nil)
}

// closeWhileBusy closes a store under calls: each of them succeeds or is ErrStoreClosed, and those that begin after
// Close returned are ErrStoreClosed.
func closeWhileBusy(t testing.TB, k *kit) {
	s := k.store(t)
	const workers = 8
	begun := make(chan struct{}, workers)
	var closed atomic.Bool
	err := together(workers+1, func(i int) error {
		if i == workers {
			for range workers {
				<-begun
			}
			defer closed.Store(true)
			return s.Close()
		}
		return s.workUntilClosed(&closed, func() { begun <- struct{}{} })
	})
	if err != nil {
		t.Fatalf("%v", err)
	}
	s.callsFail(t, newID(""), later(), nil)
}

// workUntilClosed makes calls until one is ErrStoreClosed, which has to be when closed is set. It calls begun after
// the first round.
func (s *subject) workUntilClosed(closed *atomic.Bool, begun func()) error {
	ids := newIDs(4)
	for first := true; ; first = false {
		mustFail := closed.Load()
		err := s.round(ids)
		if first {
			begun()
		}
		switch {
		case errors.Is(err, session.ErrStoreClosed{}):
			return nil
		case err != nil:
			return fmt.Errorf("a call during Close: %w", err)
		case mustFail:
			return errors.New("a call after Close succeeded")
		}
		pause(100 * time.Microsecond) // virtual time stands still while a goroutine is busy
	}
}

// round makes one call of each kind and returns the first error.
func (s *subject) round(ids []string) error {
	if err := s.Save(s.ctx, ids[0], []byte("x"), later()); err != nil {
		return err
	}
	if _, err := s.Load(s.ctx, ids[0]); err != nil {
		return err
	}
	if err := s.Touch(s.ctx, ids[0], later()); err != nil {
		return err
	}
	if err := s.SaveAll(s.ctx, batchOf(ids, later())); err != nil {
		return err
	}
	return s.Delete(s.ctx, ids[0])
}

func closeOneClient(t testing.TB, k *kit) {
	if k.clients == nil {
		t.Skip("Options.Clients is not set")
	}
	clients := k.peers(t, 2)
	id := newID("")
	clients[0].save(t, id, []byte("kept"), later())
	clients[0].close(t)
	clients[1].holds(t, id, []byte("kept"))
	clients[1].save(t, id, []byte("newer"), later())
	clients[1].holds(t, id, []byte("newer"))
}
