package session_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

func TestPromise8NoCallerWaitsForABlockedStore(t *testing.T) {
	bubble(t, session.ManagerConfig{MaxDetachedSessions: 5}, func(t *testing.T, m *session.Manager, s *faultStore) {
		detached(t, m, "a", "state")
		settle()
		s.set(func(s *faultStore) { s.deaf = true })
		resume := s.pause()
		began := time.Now()
		for i := range 1000 {
			id := fmt.Sprint("s", i)
			connect(t, m, (&host{state: "state"}).session(id))
			m.MarkDirty(id)
			m.Touch(id)
			_ = m.SetUser(id, "user")
			m.OnDisconnect(id, []byte("state"))
			resumed(t, m, id, "state", session.ResumedHere).Release()
			if i%10 == 0 {
				m.Remove(id)
			}
			m.Stats()
			m.Get(id)
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("it took %v", took)
		}
		go func() { _, _ = m.Resume(context.Background(), "a") }()
		settle()
		m.Touch("s1") // a load under way holds no lock
		if s.most > 8 {
			t.Errorf("%d writes at once", s.most)
		}
		resume()
		after(time.Minute)
		inStore(t, s, "s999", "state")
	})
}

func TestPromise8AStormOfDisconnectsIsBatched(t *testing.T) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
		s.set(func(s *faultStore) { s.latency = 5 * time.Millisecond })
		for i := range 20000 {
			detached(t, m, fmt.Sprint("s", i), "state")
		}
		began := time.Now()
		for m.Stats().Unsaved > 0 {
			after(time.Millisecond)
		}
		if took := time.Since(began); s.most > 8 || s.calls > 120 || took > 100*time.Millisecond {
			t.Errorf("%d calls, %d at once, in %v", s.calls, s.most, took)
		}
		if st := m.Stats(); st.LostUnsaved != 0 || len(s.data) != 20000 {
			t.Errorf("stats %+v, %d in the store", st, len(s.data))
		}
	})
}

func TestPromise8AHookMayCallTheManager(t *testing.T) {
	var m *session.Manager
	var called []string
	again := func(what string) func(string) {
		return func(id string) {
			called = append(called, what+" "+id)
			m.Touch(id)
			m.Get(id)
			m.Remove(id)
		}
	}
	cfg := session.ManagerConfig{MaxDetachedSessions: 1, OnEvict: again("evict"), OnExpire: again("expire")}
	cfg.OnTakeover = func(_ context.Context, id string) {
		called = append(called, "takeover "+id)
		m.OnDisconnect(id, []byte("final"))
	}
	bubble(t, cfg, func(t *testing.T, made *session.Manager, s *faultStore) {
		m = made
		detached(t, m, "a", "state")
		detached(t, m, "b", "state")
		refused(t, m, "a", session.ErrSessionRemoved)
		after(window)
		refused(t, m, "b", session.ErrSessionRemoved)
		connect(t, m, &session.ManagedSession{ID: "c", OnDurable: func([]byte) { m.MarkDirty("c") },
			Snapshot: func(context.Context) ([]byte, error) { m.Touch("c"); return []byte("c"), nil }})
		if err := m.Sync(context.Background(), "c"); err != nil {
			t.Fatal(err)
		}
		resumed(t, m, "c", "final", session.ResumedByTakeover)
		if got := fmt.Sprint(called); got != "[evict a expire b takeover c]" {
			t.Errorf("called %s", got)
		}
	})
}
