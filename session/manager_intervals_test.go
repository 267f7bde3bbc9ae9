package session_test

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

const tick = time.Nanosecond

// intervals names every interval and window of the manager, and tests each at its boundary. TestEveryIntervalIsNamed
// finds those that are missing.
var intervals = map[string]map[string]func(t *testing.T){
	"ResumeWindow": {
		"of a session in memory":         windowInMemory,
		"of an evicted one":              windowOfEvicted,
		"of one that waits in the queue": windowInQueue,
		"of one resumed and given back":  windowOfReleased,
		"negative":                       windowNegative,
		"for ever":                       windowForEver,
	},
	"PersistInterval": {
		"after the first mark": persistInterval,
		"negative":             persistNever,
		"for ever":             persistForEver,
	},
	"CleanupInterval": {
		"after the disconnect": cleanupInterval,
		"negative":             cleanupNever,
	},
	"LoadTimeout": {
		"by default": func(t *testing.T) { loadTimeout(t, 0, 10*time.Second) },
		"given":      func(t *testing.T) { loadTimeout(t, 3*time.Second, 3*time.Second) },
		"negative":   loadWithoutTimeout,
	},
	"keepalive":       {"through 100 windows": keepalive},
	"shotTimeout":     {"of a periodic snapshot": snapshotTimeout},
	"persist.Timeout": {"of a write": writeTimeout},
	"reservedFor":     {"OnReconnect until Register": reservation},
	"memory": {
		"of a removal":                      memoryOfRemoved,
		"of a removal not yet acknowledged": memoryOfUnacknowledged,
		"of an expiry":                      memoryOfExpired,
		"with a tiny window":                memoryWithTinyWindow,
	},
	"shutdownTimeout": {
		"of a caller without a deadline": shutdownDefault,
		"half of it for snapshots":       shutdownHalf,
	},
	"shotGrace":          {"of a snapshot that ignores its context": shutdownDeafSnapshot},
	"persist.grace":      {"of a store that ignores its context": shutdownDeafStore},
	"persist.MinBackoff": {"after a failure": backoffLeast},
	"persist.MaxBackoff": {"in a long outage": backoffMost},
	"persist.maxGate":    {"in a long outage": backoffGate},
	"persist.maxDraining": {
		"in a shutdown": backoffDraining,
	},
}

func TestIntervals(t *testing.T) {
	for name, cases := range intervals {
		for what, test := range cases {
			t.Run(name+" "+what, test)
		}
	}
}

func windowInMemory(t *testing.T) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, _ *faultStore) {
		detached(t, m, "a", "state")
		detached(t, m, "b", "state")
		after(window - tick)
		resumed(t, m, "a", "state", session.ResumedHere)
		after(tick)
		refused(t, m, "b", session.ErrSessionExpired)
		if m.Get("b") != nil {
			t.Error("it is still in memory")
		}
	})
}

func windowOfEvicted(t *testing.T) {
	bubble(t, session.ManagerConfig{MaxDetachedSessions: 1}, func(t *testing.T, m *session.Manager, s *faultStore) {
		for _, id := range []string{"a", "b", "c"} {
			detached(t, m, id, "state")
		}
		after(window - tick)
		resumed(t, m, "a", "state", session.ResumedFromStore)
		after(tick)
		refusedAs(t, m, "b", session.ErrSessionNotFound, session.ErrSessionExpired)
	})
}

func windowInQueue(t *testing.T) {
	bubble(t, session.ManagerConfig{MaxDetachedSessions: 1}, func(t *testing.T, m *session.Manager, s *faultStore) {
		s.setFail(errDown)
		for _, id := range []string{"a", "b", "c"} {
			detached(t, m, id, "state")
		}
		after(window - tick)
		resumed(t, m, "a", "state", session.ResumedFromStore).Release()
		after(tick)
		refused(t, m, "a", session.ErrSessionExpired)
		refused(t, m, "b", session.ErrSessionExpired)
		s.setFail(nil)
		after(time.Minute)
		refused(t, m, "a", session.ErrSessionExpired)
		inStore(t, s, "a", "")
	})
}

func windowOfReleased(t *testing.T) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
		detached(t, m, "a", "state")
		detached(t, m, "b", "state")
		after(window / 2)
		a := resumed(t, m, "a", "state", session.ResumedHere)
		resumed(t, m, "b", "state", session.ResumedHere).Release()
		after(window/2 - tick)
		resumed(t, m, "b", "state", session.ResumedHere).Release()
		after(tick)
		refused(t, m, "b", session.ErrSessionExpired)
		a.Release()
		refused(t, m, "a", session.ErrSessionExpired)
	})
}

func windowNegative(t *testing.T) {
	bubble(t, session.ManagerConfig{ResumeWindow: -1}, func(t *testing.T, m *session.Manager, s *faultStore) {
		detached(t, m, "a", "state")
		refusedAs(t, m, "a", session.ErrSessionNotFound, session.ErrSessionExpired)
		after(time.Hour)
		inStore(t, s, "a", "")
	})
}

func windowForEver(t *testing.T) {
	bubble(t, session.ManagerConfig{ResumeWindow: math.MaxInt64}, func(t *testing.T, m *session.Manager, s *faultStore) {
		detached(t, m, "a", "state")
		after(24 * 365 * time.Hour)
		resumed(t, m, "a", "state", session.ResumedHere)
		inStore(t, s, "a", "state")
	})
}

func persistInterval(t *testing.T) {
	const interval = 7 * time.Second
	bubble(t, session.ManagerConfig{PersistInterval: interval}, func(t *testing.T, m *session.Manager, s *faultStore) {
		connect(t, m, (&host{state: "state"}).session("a"))
		m.MarkDirty("a")
		after(interval - tick)
		m.MarkDirty("a")
		inStore(t, s, "a", "")
		after(tick)
		inStore(t, s, "a", "state")
	})
}

func persistNever(t *testing.T) {
	bubble(t, session.ManagerConfig{PersistInterval: -1}, func(t *testing.T, m *session.Manager, s *faultStore) {
		h := &host{state: "state"}
		connect(t, m, h.session("a"))
		m.MarkDirty("a")
		after(time.Hour)
		inStore(t, s, "a", "")
		if st := m.Stats(); h.shots != 0 || st.Dirty != 1 || st.OldestDirty != time.Hour {
			t.Errorf("%d snapshots, %+v", h.shots, st)
		}
		if err := m.Sync(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		inStore(t, s, "a", "state")
	})
}

func persistForEver(t *testing.T) {
	bubble(t, session.ManagerConfig{PersistInterval: math.MaxInt64}, func(t *testing.T, m *session.Manager, s *faultStore) {
		connect(t, m, (&host{state: "state"}).session("a"))
		m.MarkDirty("a")
		after(24 * 365 * time.Hour)
		inStore(t, s, "a", "")
	})
}

func cleanupInterval(t *testing.T) {
	cfg := session.ManagerConfig{ResumeWindow: 90 * time.Second, CleanupInterval: time.Minute}
	bubble(t, cfg, func(t *testing.T, m *session.Manager, _ *faultStore) {
		detached(t, m, "a", "state")
		after(2*time.Minute - tick)
		if n := m.Stats().Total; n != 1 {
			t.Errorf("%d sessions in memory before the second cleanup", n)
		}
		after(tick)
		if st := m.Stats(); st.Total != 0 || st.Expired != 1 {
			t.Errorf("after the second cleanup: %+v", st)
		}
	})
}

func cleanupNever(t *testing.T) {
	bubble(t, session.ManagerConfig{CleanupInterval: -1}, func(t *testing.T, m *session.Manager, _ *faultStore) {
		detached(t, m, "a", "state")
		after(10 * window)
		if n := m.Stats().Total; n != 1 {
			t.Errorf("%d sessions in memory", n)
		}
		refused(t, m, "a", session.ErrSessionExpired)
	})
}

func loadTimeout(t *testing.T, given, want time.Duration) {
	bubble(t, session.ManagerConfig{LoadTimeout: given}, func(t *testing.T, m *session.Manager, s *faultStore) {
		resume := s.pause()
		began := time.Now()
		refused(t, m, "a", context.DeadlineExceeded)
		if took := time.Since(began); took != want {
			t.Errorf("Resume waited %v, want %v", took, want)
		}
		began = time.Now()
		if _, _, err := m.OnReconnect("a"); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != want {
			t.Errorf("OnReconnect: %v after %v, want %v", err, time.Since(began), want)
		}
		resume()
	})
}

func loadWithoutTimeout(t *testing.T) {
	bubble(t, session.ManagerConfig{LoadTimeout: -1}, func(t *testing.T, m *session.Manager, s *faultStore) {
		resume := s.pause()
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		began := time.Now()
		if _, err := m.Resume(ctx, "a"); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Hour {
			t.Errorf("Resume: %v after %v", err, time.Since(began))
		}
		resume()
	})
}

func reservation(t *testing.T) {
	cfg := session.ManagerConfig{MaxSessionsPerIP: 1, MaxDetachedSessions: 1}
	bubble(t, cfg, func(t *testing.T, m *session.Manager, _ *faultStore) {
		for _, id := range []string{"a", "b", "c"} {
			detached(t, m, id, "state")
		}
		connect(t, m, &session.ManagedSession{ID: "d", IP: "192.0.2.1"})
		for _, id := range []string{"a", "b"} {
			if sess, data, err := m.OnReconnect(id); sess != nil || string(data) != "state" || err != nil {
				t.Fatalf("OnReconnect: %v, %q, %v", sess, data, err)
			}
		}
		after(time.Minute - tick)
		if err := m.Register(&session.ManagedSession{ID: "a", IP: "192.0.2.1"}); err != nil {
			t.Errorf("within a minute: %v", err)
		}
		after(tick)
		if err := m.Register(&session.ManagedSession{ID: "b", IP: "192.0.2.1"}); !errors.Is(err, session.ErrTooManySessionsFromIP) {
			t.Errorf("after a minute: %v", err)
		}
	})
}

func memoryOfRemoved(t *testing.T) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, _ *faultStore) {
		detached(t, m, "a", "state")
		m.Remove("a")
		after(2*window - tick)
		refused(t, m, "a", session.ErrSessionRemoved)
		if err := m.Register(&session.ManagedSession{ID: "a"}); !errors.Is(err, session.ErrSessionRemoved) {
			t.Errorf("register: %v", err)
		}
		after(tick)
		if err := m.Register(&session.ManagedSession{ID: "a"}); err != nil {
			t.Errorf("register after twice the window: %v", err)
		}
	})
}

func memoryOfUnacknowledged(t *testing.T) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
		s.setFail(errDown)
		m.Remove("a")
		after(5 * window)
		refused(t, m, "a", session.ErrSessionRemoved)
		s.setFail(nil)
		after(10 * time.Second)
		if _, err := m.Resume(t.Context(), "a"); errors.Is(err, session.ErrSessionRemoved) || !errors.Is(err, session.ErrSessionNotFound) {
			t.Errorf("resume after the deletion: %v", err)
		}
	})
}

func memoryOfExpired(t *testing.T) {
	bubble(t, session.ManagerConfig{CleanupInterval: -1}, func(t *testing.T, m *session.Manager, _ *faultStore) {
		detached(t, m, "a", "state")
		after(window)
		refused(t, m, "a", session.ErrSessionExpired)
		after(2*window - tick)
		refused(t, m, "a", session.ErrSessionExpired)
		after(tick)
		refused(t, m, "a", session.ErrSessionNotFound)
	})
}

func memoryWithTinyWindow(t *testing.T) {
	cfg := session.ManagerConfig{ResumeWindow: time.Second, CleanupInterval: time.Second}
	bubble(t, cfg, func(t *testing.T, m *session.Manager, _ *faultStore) {
		detached(t, m, "removed", "state")
		m.Remove("removed")
		after(time.Minute - tick)
		refused(t, m, "removed", session.ErrSessionRemoved)
		after(tick)
		refusedAs(t, m, "removed", session.ErrSessionNotFound)
		if _, err := m.Resume(t.Context(), "removed"); errors.Is(err, session.ErrSessionRemoved) {
			t.Errorf("after a minute: %v", err)
		}
		detached(t, m, "expired", "state")
		after(time.Second)
		refused(t, m, "expired", session.ErrSessionExpired)
		after(time.Minute - tick)
		refused(t, m, "expired", session.ErrSessionExpired)
		after(tick)
		refused(t, m, "expired", session.ErrSessionNotFound)
	})
}

// refusedAs is refused for a resume that may end in more than one way.
func refusedAs(t *testing.T, m *session.Manager, id string, wants ...error) {
	t.Helper()
	_, err := m.Resume(t.Context(), id)
	for _, want := range wants {
		if errors.Is(err, want) {
			return
		}
	}
	t.Fatalf("resume: %v, want one of %v", err, wants)
}
