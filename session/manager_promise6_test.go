package session_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpet-go/limpet/session"
)

// within returns a context that ends after d.
func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

func TestPromise6ShutdownLosesNothing(t *testing.T) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
		s.set(func(s *faultStore) { s.latency = 20 * time.Millisecond })
		for i := range 300 {
			id, h := fmt.Sprint("s", i), &host{state: fmt.Sprint("state ", i), delay: 10 * time.Millisecond}
			a := connect(t, m, h.session(id))
			if i%3 == 0 {
				a.Detach([]byte(h.state))
			}
		}
		connect(t, m, &session.ManagedSession{ID: "empty"})
		if err := m.Shutdown(context.Background()); err != nil {
			t.Fatal(err)
		}
		for i := range 300 {
			inStore(t, s, fmt.Sprint("s", i), fmt.Sprint("state ", i))
		}
		if err := m.Shutdown(context.Background()); err != nil {
			t.Errorf("again: %v", err)
		}
		if st := m.Stats(); st.Total != 0 || st.Unsaved != 0 || st.UniqueIPs != 0 || st.DetachedBytes != 0 {
			t.Errorf("stats %+v", st)
		}
		next := session.NewManager(s, session.ManagerConfig{ResumeWindow: window}, nil)
		resumed(t, next, "s7", "state 7", session.ResumedFromStore)
	})
}

func TestPromise6ShutdownNamesExactlyWhatIsNotSavedAndCanBeRetried(t *testing.T) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
		detached(t, m, "saved", "state")
		connect(t, m, (&host{state: "state"}).session("synced"))
		if err := m.Sync(context.Background(), "synced"); err != nil {
			t.Fatal(err)
		}
		settle()
		s.setFail(errDown)
		detached(t, m, "b", "state b")
		connect(t, m, (&host{state: "state a"}).session("a"))
		connect(t, m, &session.ManagedSession{ID: "stateless"})
		for range 2 {
			began := time.Now()
			var left *session.NotSavedError
			if err := m.Shutdown(context.Background()); !errors.As(err, &left) || !errors.Is(err, errDown) {
				t.Fatalf("shutdown: %v", err)
			}
			if took := time.Since(began); took < 10*time.Second || took > 10*time.Second+100*time.Millisecond {
				t.Errorf("it took %v, want 10 s", took)
			}
			if !slices.Equal(left.SessionIDs, []string{"a", "b"}) {
				t.Errorf("left %q", left.SessionIDs)
			}
			after(time.Minute)
		}
		s.setFail(nil)
		if err := m.Shutdown(context.Background()); err != nil {
			t.Fatal(err)
		}
		inStore(t, s, "a", "state a")
		inStore(t, s, "b", "state b")
	})
}

func TestPromise6ShutdownRespectsItsContextWithABlockedStore(t *testing.T) {
	for _, deaf := range []bool{false, true} {
		t.Run(fmt.Sprint("store ignores contexts: ", deaf), func(t *testing.T) {
			bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
				s.set(func(s *faultStore) { s.deaf = deaf })
				resume := s.pause()
				detached(t, m, "a", "state")
				began := time.Now()
				var left *session.NotSavedError
				err := m.Shutdown(within(t, time.Second))
				if !errors.As(err, &left) || !errors.Is(err, context.DeadlineExceeded) {
					t.Fatalf("shutdown: %v", err)
				}
				if took := time.Since(began); took > 1100*time.Millisecond {
					t.Errorf("it took %v", took)
				}
				resume()
				if err := m.Shutdown(context.Background()); err != nil {
					t.Fatal(err)
				}
				inStore(t, s, "a", "state")
			})
		})
	}
}

func TestPromise6AHungSnapshotCostsOnlyItsOwnSession(t *testing.T) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
		release := make(chan struct{})
		connect(t, m, &session.ManagedSession{ID: "hung", Snapshot: func(context.Context) ([]byte, error) {
			<-release // ignores its context
			return []byte("late"), nil
		}})
		connect(t, m, (&host{err: errors.New("broken")}).session("broken"))
		connect(t, m, (&host{nothing: true}).session("idle"))
		for i := range 50 {
			connect(t, m, (&host{state: "state"}).session(fmt.Sprint("s", i)))
		}
		var left *session.NotSavedError
		began := time.Now()
		err := m.Shutdown(within(t, 4*time.Second))
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("it took %v: snapshots have half of the time", took)
		}
		close(release)
		if !errors.As(err, &left) || !slices.Equal(left.SessionIDs, []string{"broken", "hung"}) {
			t.Fatalf("shutdown: %v, left %q", err, left.SessionIDs)
		}
		for i := range 50 {
			inStore(t, s, fmt.Sprint("s", i), "state")
		}
	})
}

func TestPromise6TheOtherMethodsSayThatItStopped(t *testing.T) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
		detached(t, m, "a", "state")
		b := connect(t, m, (&host{state: "state"}).session("b"))
		held := resumed(t, m, "a", "state", session.ResumedHere)
		if err := m.Shutdown(context.Background()); err != nil {
			t.Fatal(err)
		}
		_, _, reconnect := m.OnReconnect("a")
		_, resume := m.Resume(context.Background(), "a")
		for what, err := range map[string]error{
			"Register": m.Register(&session.ManagedSession{ID: "c"}), "OnReconnect": reconnect, "Resume": resume,
			"Sync": m.Sync(context.Background(), "b"), "SetUser": m.SetUser("b", "u"), "SetIP": m.SetIP("b", "i"),
			"CheckIPLimit": m.CheckIPLimit("i"), "Connect": held.Connect(session.ManagedSession{}),
		} {
			if !errors.Is(err, session.ErrManagerStopped) {
				t.Errorf("%s: %v, want ErrManagerStopped", what, err)
			}
		}
		b.Detach([]byte("later")) // a host that ends its connections only now
		b.Detach([]byte("too late"))
		m.OnDisconnect("c", []byte("unknown"))
		settle()
		inStore(t, s, "b", "later")
		inStore(t, s, "c", "unknown")
		s.setFail(errDown)
		m.OnDisconnect("d", []byte("kept"))
		m.Remove("a")
		after(time.Minute)
		s.setFail(nil)
		if err := m.Shutdown(context.Background()); err != nil {
			t.Fatal(err)
		}
		inStore(t, s, "d", "kept")
		inStore(t, s, "a", "")
	})
}

func TestPromise6ConcurrentShutdowns(t *testing.T) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
		s.set(func(s *faultStore) { s.latency = 50 * time.Millisecond })
		for i := range 100 {
			connect(t, m, (&host{state: "state"}).session(fmt.Sprint("s", i)))
		}
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if err := m.Shutdown(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		for i := range 100 {
			inStore(t, s, fmt.Sprint("s", i), "state")
		}
	})
}

func TestPromise6WithoutAStoreThereIsNothingToLose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := session.NewManager(nil, session.ManagerConfig{}, nil)
		connect(t, m, (&host{err: errors.New("broken")}).session("a"))
		detached(t, m, "b", "state")
		resumed(t, m, "b", "state", session.ResumedHere)
		if err := m.Sync(context.Background(), "b"); err != nil {
			t.Error(err)
		}
		if err := m.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

func TestPromise6ShutdownNamesWhatTheStoreRefused(t *testing.T) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
		s.set(func(s *faultStore) {
			s.refuse = func(id string) error {
				if id == "large" {
					return session.ErrSessionTooLarge
				}
				return nil
			}
		})
		connect(t, m, (&host{state: "state"}).session("large"))
		connect(t, m, (&host{state: "state"}).session("small"))
		var left *session.NotSavedError
		err := m.Shutdown(context.Background())
		if !errors.As(err, &left) || !errors.Is(err, session.ErrSessionTooLarge) {
			t.Fatalf("shutdown: %v", err)
		}
		if !slices.Equal(left.SessionIDs, []string{"large"}) {
			t.Errorf("left %q", left.SessionIDs)
		}
	})
}
