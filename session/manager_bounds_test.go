package session_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpet-go/limpet/session"
)

// TestASweepOfManyGoesInSteps looks at the manager from within the first OnExpire of a sweep of 10,000.
func TestASweepOfManyGoesInSteps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const many, step = 10_000, 64
		var m *session.Manager
		var calls, atFirst atomic.Uint64
		m = session.NewManager(nil, session.ManagerConfig{ResumeWindow: window, MaxSessionsPerIP: -1, OnExpire: func(string) {
			if calls.Add(1) == 1 {
				atFirst.Store(m.Stats().Expired)
			}
		}}, nil)
		for i := range many {
			detached(t, m, fmt.Sprint(i), "x")
		}
		after(2 * window)
		if n := atFirst.Load(); n == 0 || n > step {
			t.Errorf("%d sessions had expired when the first was told, want at most %d", n, step)
		}
		if n := calls.Load(); n != many {
			t.Errorf("%d of %d were told", n, many)
		}
		if err := m.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestALargeStateOfAnUnknownSessionIsRefused disconnects sessions that the manager does not know.
func TestALargeStateOfAnUnknownSessionIsRefused(t *testing.T) {
	bubble(t, session.ManagerConfig{MaxSessionBytes: 8}, func(t *testing.T, m *session.Manager, s *faultStore) {
		m.OnDisconnect("fits", []byte("12345678"))
		m.OnDisconnect("large", []byte("123456789"))
		settle()
		inStore(t, s, "fits", "12345678")
		inStore(t, s, "large", "")
		if st := m.Stats(); st.LostUnsaved != 1 {
			t.Errorf("stats %+v", st)
		}
	})
}

// TestAMalformedIDIsNobodys resumes IDs that no session can have, for which no store is asked.
func TestAMalformedIDIsNobodys(t *testing.T) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
		for _, id := range []string{"", "with space", "new\nline", "ümlaut", "\x00", strings.Repeat("x", 65)} {
			refused(t, m, id, session.ErrSessionNotFound)
			if _, err := m.ResumeFrom(t.Context(), id, "192.0.2.1"); err == nil {
				t.Errorf("%q was resumed", id)
			}
		}
		after(time.Second)
		var calls, loads int
		s.set(func(s *faultStore) { calls, loads = s.calls, s.loads })
		if st := m.Stats(); calls != 0 || loads != 0 || st.LoadsMissed != 0 {
			t.Errorf("the store was asked: %d calls, %d loads, stats %+v", calls, loads, st)
		}
		refused(t, m, strings.Repeat("x", 64), session.ErrSessionNotFound)
		s.set(func(s *faultStore) { loads = s.loads })
		if loads != 1 {
			t.Errorf("%d loads of an ID that is one", loads)
		}
	})
}
