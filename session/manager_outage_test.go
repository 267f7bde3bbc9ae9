package session_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

// A long outage with more sessions than may wait: what waits is bounded, what is given up is counted, and nothing else
// is lost; removals stay.
func TestPromise7ALongOutageIsSurvivedWithinTheLimit(t *testing.T) {
	const limit = 2 << 20
	cfg := session.ManagerConfig{ResumeWindow: 24 * time.Hour, MaxUnsavedBytes: limit, MaxDetachedSessions: 2000}
	bubble(t, cfg, func(t *testing.T, m *session.Manager, s *faultStore) {
		bounded := func() {
			t.Helper()
			if st := m.Stats(); st.UnsavedBytes+int64(st.Unsaved)*256 > limit+1000*256 { // the deletes
				t.Fatalf("stats %+v", st)
			}
		}
		old := make([]*session.Attachment, 1000)
		for i := range old { // connected, in the store
			old[i] = connect(t, m, (&host{state: fmt.Sprint("old ", i)}).session(fmt.Sprint("old", i)))
			m.MarkDirty(fmt.Sprint("old", i))
			detached(t, m, fmt.Sprint("gone", i), "state")
		}
		after(time.Minute)
		s.setFail(errDown)
		for i := range 10_000 {
			detached(t, m, fmt.Sprint("s", i), "0123456789")
			bounded()
		}
		for i := range 1000 {
			m.Remove(fmt.Sprint("gone", i))
		}
		after(20 * time.Hour) // keepalives of the connected ones wait, too
		bounded()
		if st := m.Stats(); st.OldestUnsaved < 20*time.Hour || st.OldestUnsaved > 21*time.Hour {
			t.Errorf("the store is behind for %v", st.OldestUnsaved)
		}
		lost := int(m.Stats().LostUnsaved)
		s.setFail(nil)
		after(10 * time.Second)
		if st := m.Stats(); st.Unsaved != 0 || st.OldestUnsaved != 0 || int(st.LostUnsaved) != lost {
			t.Errorf("afterwards: %+v", st)
		}
		missing := 0
		for i := range 10_000 {
			if data, _ := s.stored(fmt.Sprint("s", i)); data == nil {
				missing++
			}
		}
		if lost == 0 || missing != lost {
			t.Errorf("%d sessions are missing, %d were counted as lost", missing, lost)
		}
		for i := range 1000 {
			inStore(t, s, fmt.Sprint("gone", i), "")
			inStore(t, s, fmt.Sprint("old", i), fmt.Sprint("old ", i))
		}
		for i := range 2000 { // in memory: what was lost on the way to the store is still there
			resumed(t, m, fmt.Sprint("s", 9999-i), "0123456789", session.ResumedHere).Release()
		}
	})
}

func TestPromise7LongerExpiriesGoBeforeStates(t *testing.T) {
	cfg := session.ManagerConfig{MaxUnsavedBytes: 4 * 256}
	bubble(t, cfg, func(t *testing.T, m *session.Manager, s *faultStore) {
		a := connect(t, m, (&host{state: "a"}).session("a"))
		b := connect(t, m, &session.ManagedSession{ID: "b", Data: []byte("b")})
		connect(t, m, &session.ManagedSession{ID: "c", Data: []byte("c")})
		if err := m.Sync(context.Background(), "a"); err != nil {
			t.Fatal(err)
		}
		settle()
		s.setFail(errDown)
		a.Detach([]byte("a")) // the store keeps it for half a window too long without this touch
		after(time.Second)
		for i := range 4 {
			detached(t, m, fmt.Sprint("s", i), "")
		}
		if st := m.Stats(); st.LostUnsaved != 0 {
			t.Errorf("%d lost with a spare touch", st.LostUnsaved)
		}
		after(window) // c's keepalives do not count
		if lost := m.Stats().LostUnsaved; lost != 0 {
			t.Errorf("%d lost after the window of a", lost)
		}
		refused(t, m, "a", session.ErrSessionExpired)
		b.Detach(nil) // the store will drop it before its window ends, without this touch
		for i := range 4 {
			detached(t, m, fmt.Sprint("t", i), "")
		}
		if m.Stats().LostUnsaved == 0 {
			t.Error("nothing lost, want b's expiry to count")
		}
		s.setFail(nil)
		resumed(t, m, "b", "b", session.ResumedHere)
		after(10 * time.Second)
		if err := m.Shutdown(context.Background()); err != nil {
			t.Fatal(err)
		}
		inStore(t, s, "b", "b")
		inStore(t, s, "c", "c")
	})
}
