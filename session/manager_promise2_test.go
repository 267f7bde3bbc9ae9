package session_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

// gone checks that a session cannot come back in any way.
func gone(t *testing.T, m *session.Manager, s *faultStore, id string) {
	t.Helper()
	refused(t, m, id, session.ErrSessionRemoved)
	if err := m.Register(&session.ManagedSession{ID: id}); !errors.Is(err, session.ErrSessionRemoved) {
		t.Errorf("register: %v, want ErrSessionRemoved", err)
	}
	if m.Get(id) != nil {
		t.Error("it is in memory")
	}
	inStore(t, s, id, "")
}

func TestPromise2RemovedStaysRemovedForLateDisconnects(t *testing.T) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
		h := &host{state: "state"}
		a := connect(t, m, h.session("a"))
		m.MarkDirty("a")
		m.Remove("a")
		a.Detach([]byte("late"))
		m.OnDisconnect("a", []byte("late"))
		a.Release()
		if err := a.Connect(session.ManagedSession{}); !errors.Is(err, session.ErrSessionRemoved) {
			t.Errorf("connect: %v", err)
		}
		if err := m.Sync(context.Background(), "a"); !errors.Is(err, session.ErrSessionRemoved) {
			t.Errorf("sync: %v", err)
		}
		after(time.Minute)
		gone(t, m, s, "a")
		after(2*window - 2*time.Minute)
		m.OnDisconnect("a", []byte("very late"))
		settle()
		gone(t, m, s, "a")
		if got := s.history("a"); !slices.Equal(got, []string{"delete a"}) {
			t.Errorf("the store saw %q", got)
		}
	})
}

func TestPromise2RemovedStaysRemovedWithASaveInFlight(t *testing.T) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
		resume := s.pause()
		detached(t, m, "a", "state")
		settle()
		m.Remove("a")
		resume()
		after(time.Minute)
		gone(t, m, s, "a")
		if got := s.history("a"); !slices.Equal(got, []string{"save a state", "delete a"}) {
			t.Errorf("the store saw %q", got)
		}
	})
}

func TestPromise2RemovedStaysRemovedThroughAnOutage(t *testing.T) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
		detached(t, m, "a", "state")
		settle()
		s.setFail(errDown)
		m.Remove("a")
		after(5 * window) // longer than it is remembered: the removal under way is
		refused(t, m, "a", session.ErrSessionRemoved)
		m.OnDisconnect("a", []byte("late"))
		s.setFail(nil)
		after(time.Minute)
		if got := s.history("a"); !slices.Equal(got, []string{"save a state", "delete a"}) {
			t.Errorf("the store saw %q", got)
		}
	})
}

func TestPromise2RemovedStaysRemovedForALateSnapshot(t *testing.T) {
	bubble(t, session.ManagerConfig{PersistInterval: time.Second}, func(t *testing.T, m *session.Manager, s *faultStore) {
		h := &host{state: "state", delay: 2 * time.Second}
		connect(t, m, h.session("a"))
		m.MarkDirty("a")
		after(2 * time.Second) // the snapshot is being taken
		m.Remove("a")
		after(time.Minute)
		gone(t, m, s, "a")
		if h.shots != 1 || len(h.durable) != 0 {
			t.Errorf("%d snapshots, durable %q", h.shots, h.durable)
		}
	})
}

func TestPromise2RemovedStaysRemovedWhileItIsLoaded(t *testing.T) {
	bubble(t, session.ManagerConfig{MaxDetachedSessions: 1}, func(t *testing.T, m *session.Manager, s *faultStore) {
		detached(t, m, "a", "state")
		detached(t, m, "b", "state") // evicts a
		settle()
		s.onLoaded = func(id string) { m.Remove(id) }
		refused(t, m, "a", session.ErrSessionRemoved)
		settle()
		gone(t, m, s, "a")
	})
}

func TestPromise2RemovedStaysRemovedThroughShutdown(t *testing.T) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
		h := &host{state: "state", delay: time.Second}
		connect(t, m, h.session("a"))
		detached(t, m, "b", "state")
		settle()
		s.setFail(errDown)
		m.Remove("b")
		go func() {
			<-time.After(time.Second / 2)
			m.Remove("a") // while its last snapshot is being taken
		}()
		var left *session.NotSavedError
		if err := m.Shutdown(context.Background()); !errors.As(err, &left) {
			t.Fatalf("shutdown: %v", err)
		}
		if !slices.Equal(left.SessionIDs, []string{"a", "b"}) || !errors.Is(left, errDown) {
			t.Errorf("left %q: %v", left.SessionIDs, left)
		}
		s.setFail(nil)
		if err := m.Shutdown(context.Background()); err != nil {
			t.Fatalf("second shutdown: %v", err)
		}
		inStore(t, s, "a", "")
		inStore(t, s, "b", "")
	})
}

func TestPromise2RemovingWhatNobodyHasIsFine(t *testing.T) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
		m.Remove("unknown")
		m.Remove("")
		m.Remove("not an id")
		settle()
		if got := s.log; !slices.Equal(got, []string{"delete unknown"}) {
			t.Errorf("the store saw %q", got)
		}
	})
}
