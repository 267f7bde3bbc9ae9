package session_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpet-go/limpet/session"
)

func TestPromise10EveryOutcomeOfAResumeIsTyped(t *testing.T) {
	cfg := session.ManagerConfig{MaxDetachedSessions: 1, MaxSessions: 4}
	bubble(t, cfg, func(t *testing.T, m *session.Manager, s *faultStore) {
		refused(t, m, "unknown", session.ErrSessionNotFound)
		refused(t, m, "", session.ErrSessionNotFound)
		refused(t, m, "not an id", session.ErrSessionNotFound)

		detached(t, m, "old", "state")
		after(2 * window)
		refused(t, m, "old", session.ErrSessionExpired)

		m.Remove("gone")
		refused(t, m, "gone", session.ErrSessionRemoved)
		refused(t, m, "gone", session.ErrSessionNotFound)

		connect(t, m, &session.ManagedSession{ID: "on"})
		refused(t, m, "on", session.ErrSessionConnected)

		detached(t, m, "a", "state a")
		detached(t, m, "b", "state b")
		settle()
		s.setFail(errDown)
		refused(t, m, "a", errDown)
		if _, err := m.Resume(context.Background(), "a"); errors.Is(err, session.ErrSessionNotFound) {
			t.Error("an outage is said to be: not found")
		}
		s.setFail(nil)
		resume := s.pause()
		if _, err := m.Resume(within(t, time.Second), "a"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("with a blocked store: %v", err)
		}
		resume()
		resumed(t, m, "b", "state b", session.ResumedHere)
		resumed(t, m, "a", "state a", session.ResumedFromStore)
		resumed(t, m, "a", "state a", session.ResumedByTakeover)

		connect(t, m, &session.ManagedSession{ID: "fourth"})
		s.set(func(s *faultStore) {
			s.data["fifth"] = session.SessionData{Data: []byte("state"), ExpiresAt: time.Now().Add(window)}
		})
		refused(t, m, "fifth", session.ErrMaxSessionsReached)

		if err := m.Shutdown(context.Background()); err != nil {
			t.Fatal(err)
		}
		refused(t, m, "a", session.ErrManagerStopped)
	})
}

func TestPromise10ResumesOfOneSessionLoadItOnceAndTakeEachOtherOver(t *testing.T) {
	bubble(t, session.ManagerConfig{MaxDetachedSessions: 1}, func(t *testing.T, m *session.Manager, s *faultStore) {
		detached(t, m, "a", "state")
		detached(t, m, "b", "")
		after(time.Minute)
		s.set(func(s *faultStore) { s.latency = time.Second })
		var mu sync.Mutex
		outcomes := map[session.ResumeOutcome]int{}
		var current int
		var all sync.WaitGroup
		var held []*session.Attachment
		for range 10 {
			all.Go(func() {
				a, err := m.Resume(context.Background(), "a")
				if err != nil || string(a.Data()) != "state" {
					t.Errorf("resume: %v", err)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				outcomes[a.Outcome()]++
				held = append(held, a)
			})
		}
		all.Wait()
		for _, a := range held {
			if a.Connect(session.ManagedSession{}) == nil {
				current++
			}
		}
		if s.loads != 1 || outcomes[session.ResumedFromStore] != 1 || outcomes[session.ResumedByTakeover] != 9 || current != 1 {
			t.Errorf("%d loads, outcomes %v, %d connected", s.loads, outcomes, current)
		}
		settle()
	})
}

func TestPromise10AWaitingResumeSurvivesTheLoaderGivingUp(t *testing.T) {
	bubble(t, session.ManagerConfig{MaxDetachedSessions: 1}, func(t *testing.T, m *session.Manager, s *faultStore) {
		detached(t, m, "a", "state")
		detached(t, m, "b", "")
		after(time.Minute)
		s.set(func(s *faultStore) { s.latency = 2 * time.Second })
		ctx := within(t, time.Second)
		go func() { _, _ = m.Resume(ctx, "a") }()
		after(100 * time.Millisecond)
		resumed(t, m, "a", "state", session.ResumedFromStore)
	})
}

func TestNegativeWindowMeansNoResume(t *testing.T) {
	bubble(t, session.ManagerConfig{ResumeWindow: -1}, func(t *testing.T, m *session.Manager, s *faultStore) {
		h := &host{state: "state"}
		a := connect(t, m, h.session("a"))
		m.MarkDirty("a")
		a.Detach([]byte("state"))
		refused(t, m, "a", session.ErrSessionExpired)
		connect(t, m, h.session("b"))
		if err := m.Shutdown(context.Background()); err != nil {
			t.Fatal(err)
		}
		if len(s.log) != 0 {
			t.Errorf("the store saw %q", s.log)
		}
	})
}

func TestNothingPanicsOnZeroNegativeOrMissingSettings(t *testing.T) {
	negative := session.ManagerConfig{
		MaxDetachedSessions: -1, MaxSessionsPerIP: -1, ResumeWindow: -1, PersistInterval: -1, CleanupInterval: -1,
		EvictionPolicy: -1, MaxSessions: -1, MaxDetachedBytes: -1, MaxUnsavedBytes: -1, MaxSessionsPerUser: -1,
		MaxSessionBytes: -1, IPv6Prefix: -1, MaxLoads: -1, MaxWaitingLoads: -1, LoadTimeout: -1,
	}
	for _, cfg := range []session.ManagerConfig{{}, negative, {EvictionPolicy: 99, IPv6Prefix: 999}} {
		for _, store := range []session.SessionStore{nil, newFaultStore(t)} {
			synctest.Test(t, func(t *testing.T) {
				m := session.NewManager(store, cfg, nil)
				for _, id := range []string{"", "a", "not an id"} {
					_ = m.Register(nil)
					_ = m.Register(&session.ManagedSession{ID: id, IP: "2001:db8::1%eth0"})
					m.Touch(id)
					m.MarkDirty(id)
					_ = m.SetIP(id, "")
					_ = m.SetUser(id, "u")
					_ = m.Sync(context.Background(), id)
					m.OnDisconnect(id, nil)
					_, _, _ = m.OnReconnect(id)
					m.OnDisconnect(id, []byte{})
					_ = m.Get(id)
					m.Remove(id)
				}
				_ = m.CheckIPLimit("")
				_ = m.Stats()
				var none context.Context
				if err := m.Shutdown(none); err != nil {
					t.Error(err)
				}
			})
		}
	}
}
