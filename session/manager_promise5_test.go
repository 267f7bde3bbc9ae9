package session_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

func TestPromise5BoundedLossOnACrash(t *testing.T) {
	const interval, step = 30 * time.Second, time.Second
	cfg := session.ManagerConfig{PersistInterval: interval}
	bubble(t, cfg, func(t *testing.T, m *session.Manager, s *faultStore) {
		h := &host{}
		connect(t, m, h.session("a"))
		for i := range 600 { // a change each second; at every one of them a crash loses one interval at most
			h.with(func() { h.state = fmt.Sprintf("%04d", i) })
			m.MarkDirty("a")
			after(step)
			if now := time.Duration(i+1) * step; now > interval {
				got, _ := s.stored("a")
				oldest := fmt.Sprintf("%04d", int((now-interval)/step)-1)
				if string(got) < oldest {
					t.Fatalf("after %v the store has %q, want at least %q", now, got, oldest)
				}
			}
		}
		if h.shots > 25 {
			t.Errorf("%d snapshots in ten minutes", h.shots)
		}
		if st := m.Stats(); st.Dirty > 1 || st.OldestDirty > interval {
			t.Errorf("stats %+v", st)
		}
	})
}

func TestPromise5ASnapshotIsTakenAtTheIntervalAfterTheFirstMark(t *testing.T) {
	bubble(t, session.ManagerConfig{PersistInterval: 10 * time.Second}, func(t *testing.T, m *session.Manager, s *faultStore) {
		h := &host{state: "one"}
		connect(t, m, h.session("a"))
		m.MarkDirty("a")
		after(9 * time.Second)
		m.MarkDirty("a")
		inStore(t, s, "a", "")
		if st := m.Stats(); st.Dirty != 1 || st.OldestDirty != 9*time.Second {
			t.Errorf("stats %+v", st)
		}
		after(time.Second)
		inStore(t, s, "a", "one")
		if st := m.Stats(); st.Dirty != 0 || st.OldestDirty != 0 || len(h.durable) != 1 {
			t.Errorf("stats %+v, durable %q", st, h.durable)
		}
		after(time.Hour)
		if h.shots != 1 {
			t.Errorf("%d snapshots of a session marked once", h.shots)
		}
	})
}

func TestPromise5AConnectedSessionNeverExpiresInTheStore(t *testing.T) {
	sessions := map[string]func() *session.ManagedSession{
		"with snapshots": func() *session.ManagedSession { return (&host{state: "state"}).session("a") },
		"without":        func() *session.ManagedSession { return &session.ManagedSession{ID: "a", Data: []byte("state")} },
	}
	for name, sess := range sessions {
		t.Run(name, func(t *testing.T) {
			bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
				s.set(func(s *faultStore) { s.latency = 5 * time.Second })
				connect(t, m, sess())
				m.MarkDirty("a")
				after(window / 5)
				for range 500 {
					after(window / 13)
					got, until := s.stored("a")
					if string(got) != "state" || time.Until(until) < window {
						t.Fatalf("the store has %q for %v, want a whole window", got, time.Until(until))
					}
				}
				saves := 0
				for _, op := range s.history("a") {
					if op == "save a state" {
						saves++
					}
				}
				if saves != 1 {
					t.Errorf("unchanged state was saved %d times", saves)
				}
			})
		})
	}
}

func TestPromise5StateThatExpiredInAnOutageIsSavedAgain(t *testing.T) {
	sessions := map[string]*session.ManagedSession{
		"with snapshots": (&host{state: "state"}).session("a"),
		"without":        {ID: "a", Data: []byte("state")},
	}
	for name, sess := range sessions {
		t.Run(name, func(t *testing.T) {
			bubble(t, session.ManagerConfig{PersistInterval: time.Second}, func(t *testing.T, m *session.Manager, s *faultStore) {
				connect(t, m, sess)
				m.MarkDirty("a")
				after(time.Minute)
				s.setFail(errDown)
				after(3 * window)
				inStore(t, s, "a", "")
				s.setFail(nil)
				after(window / 2)
				inStore(t, s, "a", "state")
			})
		})
	}
}

func TestPromise5AResumedSessionIsExtendedAtOnce(t *testing.T) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
		detached(t, m, "a", "state")
		after(window - time.Second)
		if _, data, err := m.OnReconnect("a"); err != nil || string(data) != "state" {
			t.Fatalf("reconnect: %q, %v", data, err)
		}
		settle()
		expiresIn(t, s, "a", window+window/2)
	})
}

func TestPromise5SyncMakesStateDurable(t *testing.T) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
		h := &host{state: "one"}
		connect(t, m, h.session("a"))
		s.set(func(s *faultStore) { s.latency = time.Second })
		began := time.Now()
		if err := m.Sync(context.Background(), "a"); err != nil || time.Since(began) != time.Second {
			t.Fatalf("sync: %v after %v", err, time.Since(began))
		}
		inStore(t, s, "a", "one")
		if len(h.durable) != 1 || h.durable[0] != "one" {
			t.Errorf("durable %q when Sync returned", h.durable)
		}
		if err := m.Sync(context.Background(), "a"); err != nil {
			t.Fatal(err)
		}
		if n := len(s.history("a")); n != 1 || len(h.durable) != 2 {
			t.Errorf("%d writes, durable %q, after a second Sync of the same state", n, h.durable)
		}
	})
}

func TestPromise5SyncSaysWhyItFailed(t *testing.T) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
		h := &host{state: "one"}
		connect(t, m, h.session("a"))
		s.setFail(errDown)
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := m.Sync(ctx, "a"); !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, errDown) {
			t.Errorf("sync in an outage: %v", err)
		}
		h.with(func() { h.err = errors.New("no snapshot") })
		if err := m.Sync(context.Background(), "a"); !errors.Is(err, h.err) {
			t.Errorf("sync without a snapshot: %v", err)
		}
		if err := m.Sync(context.Background(), "b"); !errors.Is(err, session.ErrSessionNotFound) {
			t.Errorf("sync of an unknown session: %v", err)
		}
		s.setFail(nil)
		h.with(func() { h.err = nil })
		after(time.Minute)
	})
}

func TestPromise5AFailedSnapshotIsTakenAgain(t *testing.T) {
	bubble(t, session.ManagerConfig{PersistInterval: time.Second}, func(t *testing.T, m *session.Manager, s *faultStore) {
		h := &host{state: "state", err: errors.New("busy")}
		connect(t, m, h.session("a"))
		m.MarkDirty("a")
		after(3500 * time.Millisecond)
		if st := m.Stats(); h.shots != 3 || st.OldestDirty != 3500*time.Millisecond {
			t.Errorf("%d snapshots, stats %+v", h.shots, st)
		}
		h.with(func() { h.err = nil })
		after(time.Second)
		inStore(t, s, "a", "state")
	})
}

func TestPromise5AChangeDuringASnapshotIsSavedToo(t *testing.T) {
	bubble(t, session.ManagerConfig{PersistInterval: 10 * time.Second}, func(t *testing.T, m *session.Manager, s *faultStore) {
		h := &host{state: "one", delay: 2 * time.Second}
		connect(t, m, h.session("a"))
		m.MarkDirty("a")
		after(11 * time.Second) // the snapshot is being taken
		h.with(func() { h.state = "two" })
		m.MarkDirty("a")
		after(2 * time.Second)
		inStore(t, s, "a", "one")
		after(15 * time.Second)
		inStore(t, s, "a", "two")
	})
}
