package session_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

func TestAReleasedSessionIsAsItWas(t *testing.T) {
	for _, from := range []session.ResumeOutcome{session.ResumedHere, session.ResumedFromStore} {
		bubble(t, session.ManagerConfig{MaxDetachedSessions: 1}, func(t *testing.T, m *session.Manager, s *faultStore) {
			detached(t, m, "a", "state")
			if from == session.ResumedFromStore {
				detached(t, m, "b", "state")
			}
			after(time.Minute)
			before := m.Stats()
			writes := len(s.history("a"))
			for range 3 {
				a := resumed(t, m, "a", "state", from)
				if st := m.Stats(); st.Connected != 1 {
					t.Errorf("held: %+v", st)
				}
				a.Release()
				a.Release()
				if err := a.Connect(session.ManagedSession{}); !errors.Is(err, session.ErrSessionNotFound) {
					t.Errorf("connect after release: %v", err)
				}
			}
			st := m.Stats()
			before.Loaded = st.Loaded
			if st != before || len(s.history("a")) != writes {
				t.Errorf("stats %+v, were %+v; the store saw %q", st, before, s.history("a"))
			}
			expiresIn(t, s, "a", window-time.Minute)
			a := resumed(t, m, "a", "state", from) // held when its window ends
			after(window)
			a.Release()
			refused(t, m, "a", map[bool]error{true: session.ErrSessionExpired, false: session.ErrSessionNotFound}[from == session.ResumedHere])
		})
	}
}

func TestTakeoverHandsOverTheFinalState(t *testing.T) {
	var first *session.Attachment
	cfg := session.ManagerConfig{OnTakeover: func(context.Context, string) { first.Detach([]byte("final")) }}
	bubble(t, cfg, func(t *testing.T, m *session.Manager, s *faultStore) {
		first = connect(t, m, (&host{state: "snapshot"}).session("a"))
		a := resumed(t, m, "a", "final", session.ResumedByTakeover)
		if err := a.Connect(session.ManagedSession{IP: "192.0.2.9", UserID: "u"}); err != nil {
			t.Fatal(err)
		}
		got := a.Session()
		if !got.Connected || got.IP != "192.0.2.9" || got.UserID != "u" || got.ID != "a" {
			t.Errorf("session %+v", got)
		}
		if got := first.Session(); got.Connected || got.ID != "a" {
			t.Errorf("the first's session %+v", got)
		}
		if st := m.Stats(); st.TakenOver != 1 || st.Connected != 1 || st.Detached != 0 {
			t.Errorf("stats %+v", st)
		}
	})
}

func TestTakeoverWithoutAHookTakesASnapshotOrTheLastKnownState(t *testing.T) {
	broken := &host{state: "good"}
	for name, test := range map[string]struct {
		sess *session.ManagedSession
		want string
	}{
		"snapshot":        {(&host{state: "snapshot"}).session("a"), "snapshot"},
		"last known":      {&session.ManagedSession{ID: "a", Data: []byte("known")}, "known"},
		"failed snapshot": {broken.session("a"), "good"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
				broken.with(func() { broken.err = nil })
				connect(t, m, test.sess)
				if err := m.Sync(context.Background(), "a"); err != nil {
					t.Fatal(err)
				}
				broken.with(func() { broken.err = errors.New("broken") })
				resumed(t, m, "a", test.want, session.ResumedByTakeover)
			})
		})
	}
}

func TestTakeoverOfAHeldSessionKeepsItsWindow(t *testing.T) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
		detached(t, m, "a", "state")
		after(time.Minute)
		first := resumed(t, m, "a", "state", session.ResumedHere)
		resumed(t, m, "a", "state", session.ResumedByTakeover).Release()
		first.Detach([]byte("late"))
		settle()
		inStore(t, s, "a", "state")
		expiresIn(t, s, "a", window-time.Minute)
		after(window - time.Minute)
		refused(t, m, "a", session.ErrSessionExpired)
	})
}

func TestTakeoversOfOneConnectionAskItsHostOnce(t *testing.T) {
	asked := 0
	cfg := session.ManagerConfig{OnTakeover: func(context.Context, string) { asked++; <-time.After(time.Second) }}
	bubble(t, cfg, func(t *testing.T, m *session.Manager, s *faultStore) {
		connect(t, m, (&host{state: "state"}).session("a"))
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() { resumed(t, m, "a", "state", session.ResumedByTakeover) })
		}
		all.Wait()
		if st := m.Stats(); asked != 1 || st.TakenOver != 5 || st.Connected != 1 {
			t.Errorf("the host was asked %d times, stats %+v", asked, st)
		}
	})
}

func TestATakeoverGivesUpWithItsContext(t *testing.T) {
	cfg := session.ManagerConfig{OnTakeover: func(ctx context.Context, _ string) { <-ctx.Done() }}
	bubble(t, cfg, func(t *testing.T, m *session.Manager, s *faultStore) {
		a := connect(t, m, (&host{state: "state"}).session("a"))
		if _, err := m.Resume(within(t, time.Second), "a"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("resume: %v", err)
		}
		if !a.Session().Connected {
			t.Error("the older connection was ended for nobody")
		}
	})
}
