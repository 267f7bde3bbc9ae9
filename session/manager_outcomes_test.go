package session_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

func TestPromise5SyncOfWhatWasPushedOutIsAnError(t *testing.T) {
	bubble(t, session.ManagerConfig{MaxUnsavedBytes: 2000}, func(t *testing.T, m *session.Manager, s *faultStore) {
		resume := s.pause()
		for i := range 10 {
			m.Remove(fmt.Sprint("gone", i)) // deletes are never given up, and fill the queue
		}
		settle()
		connect(t, m, (&host{state: "precious"}).session("a"))
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		err := m.Sync(ctx, "a")
		got, _ := s.stored("a")
		if err == nil && string(got) != "precious" {
			t.Errorf("Sync is nil, the store has %q, stats %+v", got, m.Stats())
		}
		resume()
	})
}

func TestPromise5SyncOfASessionThatIsHeldSavesWhatWasPushedOut(t *testing.T) {
	bubble(t, session.ManagerConfig{MaxUnsavedBytes: 100}, func(t *testing.T, m *session.Manager, s *faultStore) {
		resume := s.pause()
		detached(t, m, "a", "precious")
		a := resumed(t, m, "a", "precious", session.ResumedHere)
		resume()
		err := m.Sync(context.Background(), "a")
		got, _ := s.stored("a")
		if err == nil && string(got) != "precious" {
			t.Errorf("Sync is nil, the store has %q, stats %+v", got, m.Stats())
		}
		a.Release()
	})
}

func TestPromise6AnOlderWriteDoesNotMakeUpForANewerOneThatWasLost(t *testing.T) {
	bubble(t, session.ManagerConfig{MaxUnsavedBytes: 1000}, func(t *testing.T, m *session.Manager, s *faultStore) {
		h := &host{state: "old"}
		connect(t, m, h.session("a"))
		s.set(func(s *faultStore) { s.latency = time.Second })
		m.MarkDirty("a")
		after(30*time.Second + 100*time.Millisecond) // a write of "old" is under way
		h.with(func() { h.state = "new" + string(make([]byte, 2000)) })
		err := m.Shutdown(context.Background())
		got, _ := s.stored("a")
		if err == nil && len(got) < 100 {
			t.Errorf("Shutdown is nil, the store has %q, stats %+v", got, m.Stats())
		}
	})
}

func TestPromise6ALostSessionThatWasRemovedIsNotNamed(t *testing.T) {
	bubble(t, session.ManagerConfig{MaxUnsavedBytes: 1000}, func(t *testing.T, m *session.Manager, s *faultStore) {
		connect(t, m, (&host{state: string(make([]byte, 2000))}).session("a"))
		connect(t, m, (&host{state: "b", delay: 3 * time.Second}).session("b"))
		time.AfterFunc(time.Second, func() { m.Remove("a") })
		if err := m.Shutdown(context.Background()); err != nil {
			t.Errorf("%v %v", err, err.(*session.NotSavedError).SessionIDs)
		}
	})
}

func TestPromise3ARegisteredSessionDoesNotBeginWithWhatExpired(t *testing.T) {
	bubble(t, session.ManagerConfig{MaxDetachedSessions: 1}, func(t *testing.T, m *session.Manager, s *faultStore) {
		resume := s.pause()
		detached(t, m, "a", "old")
		detached(t, m, "b", "old")
		after(window + time.Millisecond)
		refused(t, m, "a", session.ErrSessionExpired)
		a := connect(t, m, &session.ManagedSession{ID: "a"})
		if a.Data() != nil {
			t.Errorf("a new session begins with %q, which had expired", a.Data())
		}
		resume()
		a.Detach(nil)
		settle()
		if got, _ := s.stored("a"); got != nil {
			t.Errorf("store has %q", got)
		}
	})
}

func TestPromise5AResumeWhileItsWriteIsAcknowledgedKnowsThatItIsDurable(t *testing.T) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
		gate := make(chan struct{})
		inside := false
		a := connect(t, m, &session.ManagedSession{ID: "a",
			Snapshot:  func(context.Context) ([]byte, error) { return []byte("state"), nil },
			OnDurable: func([]byte) { inside = true; <-gate },
		})
		m.MarkDirty("a")
		after(31 * time.Second)
		if !inside {
			t.Fatal("not yet")
		}
		a.Detach(nil)
		b := resumed(t, m, "a", "state", session.ResumedHere)
		if err := b.Connect(session.ManagedSession{}); err != nil {
			t.Fatal(err)
		}
		close(gate)
		after(5 * time.Second)
		inStore(t, s, "a", "state")
		s.setFail(errDown)
		after(3 * window)
		s.setFail(nil)
		after(window)
		inStore(t, s, "a", "state") // promise 5: after an outage it is saved again at the next keepalive
	})
}
