package session_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

const many = 20_000

// crowded connects many dirty sessions whose snapshots take some time each.
func crowded(t *testing.T, m *session.Manager, delay time.Duration) {
	t.Helper()
	for i := range many {
		id := fmt.Sprintf("s%05d", i)
		connect(t, m, (&host{state: "state", delay: delay}).session(id))
		m.MarkDirty(id)
	}
}

// written returns how many sessions the store has.
func (s *faultStore) written() (n int) {
	s.set(func(s *faultStore) { n = len(s.data) })
	return n
}

func TestPromise6ShutdownSavesACrowdWhileItTakesSnapshots(t *testing.T) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
		s.set(func(s *faultStore) { s.latency = 20 * time.Millisecond })
		crowded(t, m, time.Millisecond) // 1.25 s with 16 at once
		time.AfterFunc(time.Second, func() {
			if n := s.written(); n < many/2 {
				t.Errorf("%d of %d sessions are in the store when most snapshots were taken", n, many)
			}
		})
		began := time.Now()
		if err := m.Shutdown(context.Background()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("it took %v", took)
		}
		if n := s.written(); n != many || s.most > 8 {
			t.Errorf("%d of %d sessions in the store, %d calls at once", n, many, s.most)
		}
		if st := m.Stats(); st.Total != 0 {
			t.Errorf("stats %+v", st)
		}
	})
}

func TestPromise6ShutdownOfACrowdWithoutAStoreNamesAllAndIsRetried(t *testing.T) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
		crowded(t, m, time.Millisecond)
		s.setFail(errDown)
		began := time.Now()
		var left *session.NotSavedError
		if err := m.Shutdown(within(t, 5*time.Second)); !errors.As(err, &left) || !errors.Is(err, errDown) {
			t.Fatalf("shutdown: %v", err)
		}
		if took := time.Since(began); took > 5100*time.Millisecond {
			t.Errorf("it took %v", took)
		}
		if len(left.SessionIDs) != many || left.SessionIDs[0] != "s00000" || left.SessionIDs[many-1] != "s19999" {
			t.Errorf("%d of %d sessions named", len(left.SessionIDs), many)
		}
		s.setFail(nil)
		calls := s.calls
		after(time.Hour / 10)
		if s.calls != calls || s.written() != 0 {
			t.Errorf("%d calls after it returned", s.calls-calls)
		}
		time.AfterFunc(time.Second, func() { // snapshots are being taken again
			if n := s.written(); n == 0 {
				t.Error("nothing is saved before all snapshots were taken again")
			}
		})
		if err := m.Shutdown(context.Background()); err != nil {
			t.Fatal(err)
		}
		if n := s.written(); n != many {
			t.Errorf("%d of %d sessions in the store", n, many)
		}
	})
}

func TestPromise6SlowSnapshotsKeepNoOthersWaiting(t *testing.T) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
		for i := range 8 { // an event is being handled
			connect(t, m, (&host{state: "state", delay: 3 * time.Second}).session(fmt.Sprint("slow", i)))
		}
		for i := range 8 { // with these as many as are taken at once
			connect(t, m, (&host{state: "state", delay: time.Hour}).session(fmt.Sprint("stuck", i)))
		}
		for i := range 1000 {
			connect(t, m, (&host{state: "state", delay: time.Millisecond}).session(fmt.Sprint("s", i)))
		}
		var left *session.NotSavedError
		if err := m.Shutdown(within(t, 10*time.Second)); !errors.As(err, &left) || len(left.SessionIDs) != 8 {
			t.Fatalf("shutdown: %v", err)
		}
		if n := s.written(); n != 1008 {
			t.Errorf("%d of 1008 sessions in the store", n)
		}
	})
}

func TestPromise6AConnectionThatEndsDuringAShutdownNeedsNoSnapshot(t *testing.T) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
		a := connect(t, m, (&host{err: errors.New("the loop has ended")}).session("a"))
		connect(t, m, (&host{state: "b", delay: 3 * time.Second}).session("b"))
		time.AfterFunc(time.Second, func() { a.Detach([]byte("final")) })
		if err := m.Shutdown(context.Background()); err != nil {
			t.Fatal(err)
		}
		inStore(t, s, "a", "final")
		inStore(t, s, "b", "b")
	})
}

func TestPromise6NothingIsWrittenAfterAShutdownThatFailed(t *testing.T) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
		resume := s.pause()
		detached(t, m, "a", "old")
		detached(t, m, "b", "old")
		settle() // a write of each is under way
		var left *session.NotSavedError
		if err := m.Shutdown(within(t, time.Second)); !errors.As(err, &left) || len(left.SessionIDs) != 2 {
			t.Fatalf("shutdown: %v", err)
		}
		other := session.NewManager(s, session.ManagerConfig{ResumeWindow: window}, nil)
		resume()
		detached(t, other, "a", "newer")
		after(time.Hour / 10)
		if got := s.history("a"); !slices.Equal(got, []string{"save a newer"}) || len(s.history("b")) != 0 {
			t.Errorf("written afterwards: %q, %q", got, s.history("b"))
		}
	})
}

func TestPromise6ASessionThatCameBackIsKeptForAWindowThoughItsDisconnectIsOnItsWay(t *testing.T) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
		s.set(func(s *faultStore) { s.latency = time.Second })
		h := &host{state: "state"}
		connect(t, m, h.session("a"))
		go func() { _ = m.Sync(context.Background(), "a") }()
		after(100 * time.Millisecond)
		m.OnDisconnect("a", []byte("state")) // its touch follows the save under way, which has a later expiry
		after(time.Second)
		if err := resumed(t, m, "a", "state", session.ResumedHere).Connect(*h.session("")); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if err := m.Shutdown(context.Background()); err != nil {
			t.Fatal(err)
		}
		if _, until := s.stored("a"); until.Before(began.Add(window)) {
			t.Errorf("the store keeps it for %v from the shutdown on, want a window", until.Sub(began))
		}
	})
}
