package session_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

func TestPromise3NewestStateWinsOverSavesInFlight(t *testing.T) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
		s.set(func(s *faultStore) { s.latency = 7 * time.Millisecond })
		detached(t, m, "a", "state 0")
		for i := range 100 {
			resumed(t, m, "a", fmt.Sprint("state ", i), session.ResumedHere).Detach([]byte(fmt.Sprint("state ", i+1)))
			after(time.Duration(i%5) * time.Millisecond)
			if i%10 == 9 {
				s.setFail(errDown)
				after(20 * time.Millisecond)
				s.setFail(nil)
			}
		}
		after(10 * time.Second)
		inStore(t, s, "a", "state 100")
		saves := s.history("a")
		saves = slices.DeleteFunc(saves, func(op string) bool { return !strings.HasPrefix(op, "save") })
		last := -1
		for _, op := range saves {
			var n int
			if _, err := fmt.Sscanf(op, "save a state %d", &n); err != nil || n < last {
				t.Fatalf("saved %q after state %d", op, last)
			}
			last = n
		}
	})
}

func TestPromise3NewestStateWinsOverAStaleStore(t *testing.T) {
	bubble(t, session.ManagerConfig{MaxDetachedSessions: 1}, func(t *testing.T, m *session.Manager, s *faultStore) {
		detached(t, m, "a", "old")
		settle()
		s.setFail(errDown)
		resumed(t, m, "a", "old", session.ResumedHere).Detach([]byte("new"))
		detached(t, m, "b", "") // evicts a
		settle()
		inStore(t, s, "a", "old")
		resumed(t, m, "a", "new", session.ResumedFromStore)
	})
}

func TestPromise3NewestStateWinsOverALoadUnderWay(t *testing.T) {
	changes := map[string]func(m *session.Manager){
		"disconnect of an unknown": func(m *session.Manager) { m.OnDisconnect("a", []byte("new")) },
		"register and disconnect": func(m *session.Manager) {
			_ = m.Register(&session.ManagedSession{ID: "a"})
			m.OnDisconnect("a", []byte("new"))
		},
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			cfg := session.ManagerConfig{MaxDetachedSessions: 1}
			bubble(t, cfg, func(t *testing.T, m *session.Manager, s *faultStore) {
				detached(t, m, "a", "old")
				detached(t, m, "b", "state")
				settle()
				once := true
				s.onLoaded = func(string) {
					if once {
						once = false
						change(m)
						detached(t, m, "c", "state") // evicts a again
						settle()                     // and its new state is durable, no trace of it is left here
					}
				}
				a, err := m.Resume(context.Background(), "a")
				if err != nil || string(a.Data()) != "new" {
					t.Fatalf("resume: %v with %q", err, a.Data())
				}
			})
		})
	}
}

func TestPromise3ARegisterDuringALoadIsTakenOverNotDoubled(t *testing.T) {
	bubble(t, session.ManagerConfig{MaxDetachedSessions: 1}, func(t *testing.T, m *session.Manager, s *faultStore) {
		detached(t, m, "a", "old")
		detached(t, m, "b", "state")
		settle()
		h := &host{state: "newest"}
		s.onLoaded = func(string) { connect(t, m, h.session("a")) }
		resumed(t, m, "a", "newest", session.ResumedByTakeover)
		if st := m.Stats(); st.Connected != 1 || st.Total != 2 || st.Detached != 1 || st.UniqueIPs != 1 {
			t.Errorf("stats %+v", st)
		}
	})
}

func TestPromise3NewestStateWinsOverAnOvertakenSnapshot(t *testing.T) {
	bubble(t, session.ManagerConfig{PersistInterval: time.Second}, func(t *testing.T, m *session.Manager, s *faultStore) {
		h := &host{state: "old", delay: 3 * time.Second}
		connect(t, m, h.session("a"))
		m.MarkDirty("a")
		after(2 * time.Second) // a snapshot of the old state is on its way
		h.with(func() { h.state, h.delay = "new", 0 })
		if err := m.Sync(context.Background(), "a"); err != nil {
			t.Fatal(err)
		}
		inStore(t, s, "a", "new")
		after(time.Minute)
		inStore(t, s, "a", "new")
		for _, op := range s.history("a") {
			if op == "save a old" {
				t.Error("the older snapshot was saved")
			}
		}
		if !slices.Contains(h.durable, "new") || slices.Contains(h.durable, "old") {
			t.Errorf("durable %q", h.durable)
		}
	})
}

func TestPromise3TheFinalStateOfASupersededConnectionIsIgnored(t *testing.T) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
		h := &host{state: "old"}
		first := connect(t, m, h.session("a"))
		second := resumed(t, m, "a", "old", session.ResumedByTakeover)
		first.Detach([]byte("late"))
		first.Release()
		if err := first.Connect(session.ManagedSession{}); !errors.Is(err, session.ErrSessionConnected) {
			t.Errorf("connect of the first: %v", err)
		}
		if err := second.Connect(session.ManagedSession{}); err != nil {
			t.Fatal(err)
		}
		second.Detach([]byte("new"))
		first.Detach([]byte("later"))
		settle()
		inStore(t, s, "a", "new")
		resumed(t, m, "a", "new", session.ResumedHere)
	})
}

func TestPromise3ExpiredLocalStateIsNotRevivedByAnOlderCopyInTheStore(t *testing.T) {
	cfg := session.ManagerConfig{CleanupInterval: -1}
	for _, most := range []int{1, -1} { // evicted or not
		cfg.MaxDetachedSessions = most
		bubble(t, cfg, func(t *testing.T, m *session.Manager, s *faultStore) {
			h := &host{state: "old"}
			a := connect(t, m, h.session("a"))
			if err := m.Sync(context.Background(), "a"); err != nil { // in the store for one and a half windows
				t.Fatal(err)
			}
			s.setFail(errDown)
			a.Detach([]byte("new"))
			detached(t, m, "b", "state")
			after(window + time.Minute)
			s.setFail(nil)
			after(time.Minute)
			inStore(t, s, "a", "old")
			refused(t, m, "a", session.ErrSessionExpired)
		})
	}
}
