package session_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

// What integration/model found with random operations, faults and crashes, each as the shortest story that shows it.

// The store may refuse to answer for longer than a session has to live: what waits for it then is over, too.
func TestModelAnEvictedSessionIsNotRevivedFromTheQueueAfterItsWindow(t *testing.T) {
	for _, late := range []time.Duration{0, time.Nanosecond, time.Millisecond} {
		bubble(t, session.ManagerConfig{MaxDetachedSessions: 1}, func(t *testing.T, m *session.Manager, s *faultStore) {
			s.setFail(errDown)
			detached(t, m, "a", "state")
			detached(t, m, "b", "state") // evicts a
			after(window + late)
			refused(t, m, "a", session.ErrSessionExpired)
			s.setFail(nil)
		})
	}
}

// Nor is the older copy that the store has, whose expiry could not be moved in time.
func TestModelAnEvictedSessionIsNotRevivedByAnOlderExpiryInTheStore(t *testing.T) {
	bubble(t, session.ManagerConfig{MaxDetachedSessions: 1}, func(t *testing.T, m *session.Manager, s *faultStore) {
		a := connect(t, m, &session.ManagedSession{ID: "a", Data: []byte("state")})
		settle() // the store keeps it for one and a half windows
		s.set(func(s *faultStore) { s.failWrites = errDown })
		a.Detach(nil)
		detached(t, m, "b", "state") // evicts a
		after(window)
		refused(t, m, "a", session.ErrSessionExpired)
		s.set(func(s *faultStore) { s.failWrites = nil })
	})
}

// A touch that arrives after the session has expired in the store does nothing, and says nothing.
func TestModelASessionConnectedAtTheLastMomentIsInTheStore(t *testing.T) {
	sessions := map[string]func() *session.ManagedSession{
		"with snapshots": func() *session.ManagedSession { return (&host{state: "state"}).session("a") },
		"without":        func() *session.ManagedSession { return &session.ManagedSession{ID: "a"} },
	}
	for name, sess := range sessions {
		t.Run(name, func(t *testing.T) {
			bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
				detached(t, m, "a", "state")
				after(window - 500*time.Millisecond)
				s.set(func(s *faultStore) { s.latency = time.Second })
				connect(t, m, sess())
				after(time.Minute)
				inStore(t, s, "a", "state")
			})
		})
	}
}

// unheardStore does touches and says that it failed.
type unheardStore struct{ *faultStore }

func (s unheardStore) Touch(ctx context.Context, id string, until time.Time) error {
	if err := s.faultStore.Touch(ctx, id, until); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.deaf {
		return errDown
	}
	return nil
}

// A touch that failed may have brought a session's end in the store nearer all the same.
func TestModelATouchOfUnknownOutcomeMayHaveShortenedTheExpiry(t *testing.T) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, _ *session.Manager, s *faultStore) {
		m := session.NewManager(unheardStore{s}, session.ManagerConfig{ResumeWindow: window}, nil)
		a := connect(t, m, &session.ManagedSession{ID: "a", Data: []byte("state")})
		settle()
		s.set(func(s *faultStore) { s.deaf = true })
		a.Detach(nil)
		after(window - time.Millisecond)
		s.set(func(s *faultStore) { s.deaf = false })
		connect(t, m, &session.ManagedSession{ID: "a"})
		after(time.Minute)
		inStore(t, s, "a", "state")
	})
}

func TestModelSyncOfASessionThatExpiresMeanwhile(t *testing.T) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
		s.setFail(errDown)
		detached(t, m, "a", "state")
		after(window - time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := m.Sync(ctx, "a"); !errors.Is(err, session.ErrSessionExpired) {
			t.Errorf("sync: %v", err)
		}
		s.setFail(nil)
	})
}

// TestModelNothingIsLostThroughEvictionAndResume is a small relative of those in integration/model, for a module that
// has no property tests: a fixed walk through every policy, with the store down now and then.
func TestModelNothingIsLostThroughEvictionAndResume(t *testing.T) {
	for policy := session.EvictionLRU; policy <= session.EvictionFair; policy++ {
		cfg := session.ManagerConfig{MaxDetachedSessions: 3, EvictionPolicy: policy}
		bubble(t, cfg, func(t *testing.T, m *session.Manager, s *faultStore) {
			states := map[string]string{}
			for i := range 400 {
				id := fmt.Sprint("s", i*7%12)
				s.setFail(nil)
				if states[id] != "" {
					a, err := m.Resume(t.Context(), id)
					if err != nil || string(a.Data()) != states[id] {
						t.Fatalf("%v: step %d: %v, want %q", policy, i, err, states[id])
					}
					a.Release()
				}
				if i%5 < 2 {
					s.set(func(s *faultStore) { s.failWrites = errDown })
				}
				states[id] = fmt.Sprint("state ", i)
				m.OnDisconnect(id, []byte(states[id]))
				detached(t, m, id, states[id])
				after(time.Duration(i%3) * time.Second)
				s.set(func(s *faultStore) { s.failWrites = nil })
				if st := m.Stats(); st.Detached > 3 || st.LostUnsaved != 0 {
					t.Fatalf("%v: %+v", policy, st)
				}
			}
			if err := m.Shutdown(t.Context()); err != nil {
				t.Fatal(err)
			}
			for id, state := range states {
				inStore(t, s, id, state)
			}
		})
	}
}

// Whoever came back just before a shutdown may come back after it for a whole window, as everybody who was connected then.
func TestModelASessionResumedJustBeforeAShutdownHasAWholeWindow(t *testing.T) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
		h := &host{state: "state"}
		detached(t, m, "a", "state")
		after(window / 2)
		a := resumed(t, m, "a", "state", session.ResumedHere)
		if err := a.Connect(*h.session("a")); err != nil {
			t.Fatal(err)
		}
		if err := m.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, until := s.stored("a"); time.Until(until) < window {
			t.Errorf("the store keeps it for %v, want a whole window", time.Until(until))
		}
	})
}

// A takeover that cannot be completed leaves a detached session, which counts.
func TestModelATakeoverThatFailsKeepsTheLimits(t *testing.T) {
	bubble(t, session.ManagerConfig{MaxDetachedSessions: 1}, func(t *testing.T, m *session.Manager, s *faultStore) {
		h := &host{state: "state"}
		connect(t, m, h.session("a"))
		if err := m.Sync(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		detached(t, m, "b", "state")
		settle()
		h.with(func() { h.err = errors.New("no snapshot") })
		s.setFail(errDown)
		refused(t, m, "a", errDown)
		if st := m.Stats(); st.Detached > 1 {
			t.Errorf("%d detached sessions, the limit is 1", st.Detached)
		}
		s.setFail(nil)
	})
}
