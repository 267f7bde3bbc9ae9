package session_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

func TestPromise1NothingDetachedIsLostWhenEvicted(t *testing.T) {
	bubble(t, session.ManagerConfig{MaxDetachedSessions: 10}, func(t *testing.T, m *session.Manager, s *faultStore) {
		resume := s.pause()
		for i := range 200 {
			detached(t, m, fmt.Sprint("s", i), fmt.Sprint("state ", i))
		}
		st := m.Stats()
		if st.Detached != 10 || st.Evicted != 190 || st.Unsaved != 200 {
			t.Fatalf("stats %+v, want 10 detached, 190 evicted, 200 unsaved", st)
		}
		for i := range 190 { // the evicted ones are found in the queue, while the store answers nothing
			resumed(t, m, fmt.Sprint("s", i), fmt.Sprint("state ", i), session.ResumedFromStore).Release()
		}
		resume()
		settle()
		for i := range 200 {
			inStore(t, s, fmt.Sprint("s", i), fmt.Sprint("state ", i))
			expiresIn(t, s, fmt.Sprint("s", i), window)
		}
		resumed(t, m, "s0", "state 0", session.ResumedFromStore)
		resumed(t, m, "s199", "state 199", session.ResumedHere)
	})
}

func TestPromise1NothingDetachedIsLostInAnOutage(t *testing.T) {
	bubble(t, session.ManagerConfig{MaxDetachedSessions: 1}, func(t *testing.T, m *session.Manager, s *faultStore) {
		s.setFail(errDown)
		for i := range 1000 {
			detached(t, m, fmt.Sprint("s", i), fmt.Sprint("state ", i))
		}
		after(5 * time.Minute)
		if n := s.calls; n > 700 {
			t.Errorf("%d calls to a store that was down for five minutes", n)
		}
		resumed(t, m, "s3", "state 3", session.ResumedFromStore).Release()
		s.setFail(nil)
		after(8 * time.Second)
		for i := range 1000 {
			inStore(t, s, fmt.Sprint("s", i), fmt.Sprint("state ", i))
			expiresIn(t, s, fmt.Sprint("s", i), window-5*time.Minute-8*time.Second)
		}
		if st := m.Stats(); st.Unsaved != 0 || st.UnsavedBytes != 0 || st.LostUnsaved != 0 || st.StoreErrors == 0 {
			t.Errorf("stats %+v", st)
		}
	})
}

func TestPromise1OnlyTheByteLimitForcesStateOutAndIsCounted(t *testing.T) {
	const most = 100 * (1000 + 256) // the pipeline counts 256 bytes for each session beside its state
	cfg := session.ManagerConfig{MaxDetachedSessions: 1, MaxUnsavedBytes: most}
	bubble(t, cfg, func(t *testing.T, m *session.Manager, s *faultStore) {
		s.setFail(errDown)
		state := func(i int) string { return fmt.Sprintf("%01000d", i) }
		for i := range 150 {
			detached(t, m, fmt.Sprint("s", i), state(i))
			settle()
		}
		st := m.Stats()
		if st.LostUnsaved < 49 || st.LostUnsaved > 51 || st.UnsavedBytes > most {
			t.Fatalf("stats %+v, want 50 lost", st)
		}
		s.setFail(nil)
		after(10 * time.Second)
		refused(t, m, "s1", session.ErrSessionNotFound)
		inStore(t, s, "s149", state(149))
		inStore(t, s, "s60", state(60))
	})
}

func TestPromise1TheWindowEndsExactlyWhateverHappens(t *testing.T) {
	for name, evicted := range map[string]bool{"in memory": false, "evicted": true} {
		t.Run(name, func(t *testing.T) {
			bubble(t, session.ManagerConfig{CleanupInterval: -1}, func(t *testing.T, m *session.Manager, s *faultStore) {
				s.set(func(s *faultStore) { s.latency = 3 * time.Second })
				detached(t, m, "a", "state")
				if evicted {
					m.OnDisconnect("other", nil)
				}
				after(window - time.Millisecond)
				resumed(t, m, "a", "state", session.ResumedHere).Release()
				after(time.Millisecond)
				refused(t, m, "a", session.ErrSessionExpired)
				if got, _ := s.stored("a"); got != nil {
					t.Error("the store kept it past its window")
				}
			})
		})
	}
}

func TestPromise1NilStateMeansTheLastKnownOne(t *testing.T) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
		detached(t, m, "a", "first")
		a := resumed(t, m, "a", "first", session.ResumedHere)
		after(window / 2)
		if err := a.Connect(session.ManagedSession{}); err != nil {
			t.Fatal(err)
		}
		after(window)
		m.OnDisconnect("a", nil)
		settle()
		inStore(t, s, "a", "first")
		expiresIn(t, s, "a", window)
		resumed(t, m, "a", "first", session.ResumedHere)
	})
}

func TestPromise1AStateThatOnlyTheStoreHasIsLoadedAtResume(t *testing.T) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
		h := &host{state: "snapshot"}
		a := connect(t, m, h.session("a"))
		if err := m.Sync(context.Background(), "a"); err != nil {
			t.Fatal(err)
		}
		a.Detach(nil) // its bytes were not kept in memory once they were durable
		settle()
		if got := m.Get("a"); got == nil || got.Data != nil {
			t.Fatalf("get %+v, want a record without bytes", got)
		}
		resumed(t, m, "a", "snapshot", session.ResumedHere).Release()
		if st := m.Stats(); st.DetachedBytes != int64(len("snapshot")) || st.Detached != 1 {
			t.Errorf("stats %+v", st)
		}
	})
}

func TestPromise1ADisconnectOfAnUnknownSessionIsSaved(t *testing.T) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
		m.OnDisconnect("a", []byte("state"))
		settle()
		inStore(t, s, "a", "state")
		expiresIn(t, s, "a", window)
		resumed(t, m, "a", "state", session.ResumedFromStore)
	})
}

func TestPromise1RefusedStateDoesNotHoldUpOthers(t *testing.T) {
	for _, cause := range []error{session.ErrInvalidSessionID, &session.SizeError{Size: 2, Limit: 1}} {
		bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
			s.set(func(s *faultStore) {
				s.refuse = func(id string) error {
					if id == "s50" {
						return cause
					}
					return nil
				}
			})
			resume := s.pause()
			for i := range 100 {
				detached(t, m, fmt.Sprint("s", i), "state")
			}
			resume()
			settle()
			st := m.Stats()
			if st.LostUnsaved != 1 || st.Unsaved != 0 {
				t.Fatalf("stats %+v, want one lost and none left", st)
			}
			inStore(t, s, "s49", "state")
			inStore(t, s, "s99", "state")
			resumed(t, m, "s50", "state", session.ResumedHere)
		})
	}
}

func TestPromise1TooLargeAStateIsRefusedAndTheLastGoodOneStands(t *testing.T) {
	bubble(t, session.ManagerConfig{MaxSessionBytes: 5}, func(t *testing.T, m *session.Manager, s *faultStore) {
		detached(t, m, "a", "12345")
		resumed(t, m, "a", "12345", session.ResumedHere).Detach([]byte("123456"))
		resumed(t, m, "a", "12345", session.ResumedHere)
		if st := m.Stats(); st.LostUnsaved != 1 {
			t.Errorf("stats %+v, want one lost", st)
		}
	})
}

func TestPromise1ALateDisconnectDoesNotOpenTheWindowAgain(t *testing.T) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
		detached(t, m, "a", "state")
		after(window / 2)
		m.OnDisconnect("a", []byte("again"))
		settle()
		expiresIn(t, s, "a", window/2)
		after(window / 2)
		m.OnDisconnect("a", []byte("too late"))
		settle()
		inStore(t, s, "a", "")
		refused(t, m, "a", session.ErrSessionExpired)
	})
}

func TestPromise1RefusedStateOfAConnectedSessionIsNotTriedForEver(t *testing.T) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
		connect(t, m, &session.ManagedSession{ID: "a", Data: []byte("good")})
		settle()
		s.set(func(s *faultStore) { s.refuse = func(string) error { return session.ErrSessionTooLarge } })
		m.OnDisconnect("a", []byte("bad"))
		if _, _, err := m.OnReconnect("a"); err != nil {
			t.Fatal(err)
		}
		after(10 * window)
		if st := m.Stats(); st.LostUnsaved != 1 {
			t.Errorf("stats %+v, want one lost", st)
		}
		inStore(t, s, "a", "good") // kept alive: it is better than nothing after a crash
	})
}
