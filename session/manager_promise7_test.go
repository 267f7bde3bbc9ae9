package session_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

func TestPromise7SessionsPerIPAreBoundedAndCountedExactly(t *testing.T) {
	bubble(t, session.ManagerConfig{MaxSessionsPerIP: 2}, func(t *testing.T, m *session.Manager, s *faultStore) {
		from := func(id, ip string) *session.ManagedSession { return &session.ManagedSession{ID: id, IP: ip} }
		connect(t, m, from("a", "192.0.2.1"))
		connect(t, m, from("b", "::ffff:192.0.2.1"))
		if err := m.Register(from("c", "192.0.2.1")); !errors.Is(err, session.ErrTooManySessionsFromIP) {
			t.Errorf("third: %v", err)
		}
		if err := m.CheckIPLimit("::ffff:c000:201"); !errors.Is(err, session.ErrTooManySessionsFromIP) {
			t.Errorf("check: %v", err)
		}
		m.OnDisconnect("a", []byte("state")) // detached ones do not count
		connect(t, m, from("c", "192.0.2.1"))
		a := resumed(t, m, "a", "state", session.ResumedHere) // a resume is never refused
		if err := a.Connect(*from("a", "192.0.2.1")); err != nil {
			t.Errorf("resume over the limit: %v", err)
		}
		if err := m.SetIP("a", "2001:db8::1"); err != nil {
			t.Fatal(err)
		}
		connect(t, m, from("d", "2001:db8::ffff"))
		if err := m.CheckIPLimit("2001:db8::2%eth0"); !errors.Is(err, session.ErrTooManySessionsFromIP) {
			t.Errorf("the same /64: %v", err)
		}
		if err := m.CheckIPLimit("2001:db8:0:1::1"); err != nil {
			t.Errorf("another /64: %v", err)
		}
		if st := m.Stats(); st.UniqueIPs != 2 || st.Connected != 4 {
			t.Errorf("stats %+v", st)
		}
		for _, id := range []string{"a", "b", "c", "d"} {
			m.Remove(id)
		}
		if st := m.Stats(); st.UniqueIPs != 0 || st.Total != 0 {
			t.Errorf("stats %+v", st)
		}
	})
}

func TestPromise7AResumeThroughOnReconnectAndRegisterIsNoNewSession(t *testing.T) {
	cfg := session.ManagerConfig{MaxSessionsPerIP: 1, MaxDetachedSessions: 1}
	bubble(t, cfg, func(t *testing.T, m *session.Manager, s *faultStore) {
		detached(t, m, "a", "state")
		detached(t, m, "b", "state")
		connect(t, m, &session.ManagedSession{ID: "c", IP: "ip"})
		settle()
		sess, data, err := m.OnReconnect("a")
		if sess != nil || string(data) != "state" || err != nil {
			t.Fatalf("reconnect: %v, %q, %v", sess, data, err)
		}
		if st := m.Stats(); st.Connected != 1 {
			t.Errorf("stats %+v before Register", st)
		}
		if err := m.Register(&session.ManagedSession{ID: "a", IP: "ip"}); err != nil {
			t.Errorf("register after reconnect: %v", err)
		}
		settle()
		expiresIn(t, s, "a", window+window/2)
		m.OnDisconnect("a", nil)
		settle()
		inStore(t, s, "a", "state")
		if err := m.Register(&session.ManagedSession{ID: "new", IP: "ip"}); !errors.Is(err, session.ErrTooManySessionsFromIP) {
			t.Errorf("a new one: %v", err)
		}
	})
}

func TestPromise7SessionsPerUserAreBounded(t *testing.T) {
	bubble(t, session.ManagerConfig{MaxSessionsPerUser: 1}, func(t *testing.T, m *session.Manager, s *faultStore) {
		connect(t, m, &session.ManagedSession{ID: "a", UserID: "u"})
		err := m.Register(&session.ManagedSession{ID: "b", UserID: "u"})
		if !errors.Is(err, session.ErrTooManySessionsForUser) {
			t.Errorf("register: %v", err)
		}
		connect(t, m, &session.ManagedSession{ID: "b"})
		if err := m.SetUser("b", "u"); !errors.Is(err, session.ErrTooManySessionsForUser) || m.Get("b").UserID != "" {
			t.Errorf("login: %v", err)
		}
		if err := m.SetUser("a", ""); err != nil {
			t.Fatal(err)
		}
		if err := m.SetUser("b", "u"); err != nil || m.Get("b").UserID != "u" {
			t.Errorf("login after a logout: %v", err)
		}
	})
}

func TestPromise7SessionsAndBytesAreBounded(t *testing.T) {
	cfg := session.ManagerConfig{MaxSessions: 10, MaxDetachedBytes: 5000}
	bubble(t, cfg, func(t *testing.T, m *session.Manager, s *faultStore) {
		for i := range 8 {
			detached(t, m, fmt.Sprint("d", i), strings.Repeat("x", 1000))
		}
		if st := m.Stats(); st.Detached != 5 || st.DetachedBytes != 5000 {
			t.Errorf("stats %+v", st)
		}
		for i := range 10 {
			connect(t, m, &session.ManagedSession{ID: fmt.Sprint("c", i)})
		}
		if st := m.Stats(); st.Total != 10 || st.Connected != 10 || st.DetachedBytes != 0 {
			t.Errorf("stats %+v", st)
		}
		err := m.Register(&session.ManagedSession{ID: "one too many"[:3]})
		if !errors.Is(err, session.ErrMaxSessionsReached) {
			t.Errorf("register: %v", err)
		}
	})
}

func TestPromise7EachPolicyEvictsExactlyWhatItSays(t *testing.T) {
	born := func(i int) time.Time { return time.Date(2000, 1, 1, 0, 0, 100-i, 0, time.UTC) }
	for policy, want := range map[session.EvictionPolicy][]string{
		session.EvictionLRU:    {"s0", "s2", "s3"}, // s1 was touched
		session.EvictionOldest: {"s5", "s4", "s3"}, // born first
		session.EvictionFair:   {"s3"},             // of the address with most
	} {
		t.Run(policy.String(), func(t *testing.T) {
			var evicted []string
			cfg := session.ManagerConfig{MaxSessions: 6, EvictionPolicy: policy}
			cfg.OnEvict = func(id string) { evicted = append(evicted, id) }
			bubble(t, cfg, func(t *testing.T, m *session.Manager, s *faultStore) {
				for i := range 6 {
					ip := "small"
					if i >= 2 {
						ip = "big"
					}
					id := fmt.Sprint("s", i)
					connect(t, m, &session.ManagedSession{ID: id, IP: ip, CreatedAt: born(i)}).Detach([]byte("x"))
				}
				m.Touch("s1")
				if policy == session.EvictionFair {
					m.Touch("s2")
					resumed(t, m, "s5", "x", session.ResumedHere) // big has 3: s3 s4 s2, small 2
				}
				for i := range 3 {
					connect(t, m, &session.ManagedSession{ID: fmt.Sprint("n", i)})
				}
				if !slices.Equal(evicted[:len(want)], want) { // after the first, both addresses have two
					t.Errorf("evicted %q, want %q", evicted, want)
				}
			})
		})
	}
}

func TestPromise7EndedSessionsAreForgottenInTheEnd(t *testing.T) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
		detached(t, m, "expired", "state")
		m.Remove("removed")
		after(window + time.Minute)
		if st := m.Stats(); st.Expired != 1 || st.Total != 0 || st.DetachedBytes != 0 || st.UniqueIPs != 0 {
			t.Errorf("stats %+v, want it swept", st)
		}
		after(3 * window)
		refused(t, m, "expired", session.ErrSessionNotFound)
		if err := m.Register(&session.ManagedSession{ID: "removed"}); err != nil {
			t.Errorf("register long after the removal: %v", err)
		}
	})
}
