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

// refusals is an error that cannot be compared.
type refusals []string

func (r refusals) Error() string        { return "refused: " + fmt.Sprint(len(r)) }
func (r refusals) Is(target error) bool { return target == session.ErrSessionTooLarge }

func TestPromise6ShutdownTellsEachCauseOnce(t *testing.T) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
		s.set(func(s *faultStore) { s.refuse = func(id string) error { return refusals{id} } })
		for i := range 100 {
			connect(t, m, (&host{state: "state"}).session(fmt.Sprint("s", i)))
			connect(t, m, (&host{err: fmt.Errorf("broken %d", i%3)}).session(fmt.Sprint("t", i)))
		}
		var left *session.NotSavedError
		if err := m.Shutdown(context.Background()); !errors.As(err, &left) || len(left.SessionIDs) != 200 {
			t.Fatalf("shutdown: %v", err)
		}
		want := "refused: 1\nsession: snapshot: broken 0\nsession: snapshot: broken 1\nsession: snapshot: broken 2"
		if got := left.Err.Error(); got != want {
			t.Errorf("the causes are %q, want %q", got, want)
		}
	})
}

// large is a state of n bytes.
func large(n int) string { return string(make([]byte, n)) }

func TestPromise6AShutdownKeepsToThePaceOfTheStore(t *testing.T) {
	for _, size := range []int{1 << 10, 300 << 10} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			bubble(t, session.ManagerConfig{MaxUnsavedBytes: 1 << 20}, func(t *testing.T, m *session.Manager, s *faultStore) {
				n := 5 << 20 / size
				for i := range n {
					connect(t, m, (&host{state: large(size)}).session(fmt.Sprint("s", i)))
				}
				s.set(func(s *faultStore) { s.latency = 5 * time.Millisecond })
				began := time.Now()
				if err := m.Shutdown(within(t, 30*time.Second)); err != nil {
					t.Errorf("after %v of 30 s: %v", time.Since(began), err)
				}
				if got := s.written(); got != n {
					t.Errorf("%d of %d sessions in the store", got, n)
				}
			})
		})
	}
}

func TestPromise6AShutdownThatWaitsForTheStoreUsesItsTime(t *testing.T) {
	shutdown := func(within time.Duration) (took time.Duration, err error) {
		bubble(t, session.ManagerConfig{MaxUnsavedBytes: 1 << 20}, func(t *testing.T, m *session.Manager, s *faultStore) {
			for i := range 10000 {
				connect(t, m, (&host{state: large(1024)}).session(fmt.Sprint("s", i)))
			}
			s.set(func(s *faultStore) { s.latency = time.Second })
			began := time.Now()
			ctx, cancel := context.WithTimeout(context.Background(), within)
			defer cancel()
			err = m.Shutdown(ctx)
			took = time.Since(began)
		})
		return took, err
	}
	needed, err := shutdown(time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := shutdown(needed * 3 / 2); err != nil {
		t.Errorf("it takes %v, and in half as much more: %v", needed, err)
	}
}

func TestPromise6AShutdownSavesAgainAtThePaceOfTheStore(t *testing.T) {
	bubble(t, session.ManagerConfig{MaxUnsavedBytes: 100 << 10}, func(t *testing.T, m *session.Manager, s *faultStore) {
		s.setFail(errDown)
		for i := range 500 {
			detached(t, m, fmt.Sprint("s", i), large(1024))
		}
		after(10 * time.Second)
		if m.Stats().LostUnsaved < 400 {
			t.Fatal(m.Stats())
		}
		s.setFail(nil)
		s.set(func(s *faultStore) { s.latency = 5 * time.Millisecond })
		if err := m.Shutdown(context.Background()); err != nil {
			t.Fatal(err)
		}
		if n := s.written(); n != 500 {
			t.Errorf("%d of 500 sessions in the store", n)
		}
	})
}

func TestPromise6AShutdownUnderPressureNamesAllThatADeadStoreHasNot(t *testing.T) {
	bubble(t, session.ManagerConfig{MaxUnsavedBytes: 100 << 10}, func(t *testing.T, m *session.Manager, s *faultStore) {
		s.setFail(errDown)
		for i := range 500 {
			detached(t, m, fmt.Sprint("d", i), large(1024))
			connect(t, m, (&host{state: large(1024)}).session(fmt.Sprint("s", i)))
		}
		began := time.Now()
		var left *session.NotSavedError
		if err := m.Shutdown(within(t, 4*time.Second)); !errors.As(err, &left) || !errors.Is(err, errDown) {
			t.Fatal(err)
		}
		if took := time.Since(began); took > 4100*time.Millisecond {
			t.Errorf("it took %v", took)
		}
		if len(left.SessionIDs) != 1000 || !slices.IsSorted(left.SessionIDs) {
			t.Errorf("%d of 1000 sessions named", len(left.SessionIDs))
		}
		s.setFail(nil)
		if err := m.Shutdown(context.Background()); err != nil {
			t.Fatal(err)
		}
		if n := s.written(); n != 1000 {
			t.Errorf("%d of 1000 sessions in the store", n)
		}
	})
}

func TestPromise6NoSnapshotIsTakenOrWrittenAfterShutdownReturned(t *testing.T) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
		shots := 0
		for i := range 1000 {
			connect(t, m, &session.ManagedSession{ID: fmt.Sprint("s", i), Snapshot: func(context.Context) ([]byte, error) {
				time.Sleep(50 * time.Millisecond) // a little work that does not look at its context
				s.set(func(*faultStore) { shots++ })
				return []byte("state"), nil
			}})
		}
		var left *session.NotSavedError
		if err := m.Shutdown(within(t, time.Second)); !errors.As(err, &left) {
			t.Fatal(err)
		}
		var calls, before, saved int
		s.set(func(s *faultStore) { calls, before, saved = s.calls, shots, len(s.data) })
		if saved+len(left.SessionIDs) != 1000 {
			t.Errorf("%d sessions in the store, %d named", saved, len(left.SessionIDs))
		}
		after(10 * time.Second)
		s.set(func(s *faultStore) {
			if s.calls != calls || shots > before+16 {
				t.Errorf("%d more snapshots, %d more calls of the store", shots-before, s.calls-calls)
			}
		})
	})
}

func TestPromise6ShutdownSavesOrNamesAHeldSessionWhoseStateWasGivenUp(t *testing.T) {
	for limit, saved := range map[int64]bool{300: false, 400: true} { // it takes 356
		t.Run(fmt.Sprint(limit), func(t *testing.T) {
			bubble(t, session.ManagerConfig{MaxUnsavedBytes: limit}, func(t *testing.T, m *session.Manager, s *faultStore) {
				s.setFail(errDown)
				detached(t, m, "a", large(100))
				settle()
				detached(t, m, "b", large(10))
				m.Remove("b")
				if m.Stats().LostUnsaved != 1 {
					t.Fatal(m.Stats())
				}
				s.setFail(nil)
				resumed(t, m, "a", large(100), session.ResumedHere)
				after(10 * time.Second)
				var left *session.NotSavedError
				err := m.Shutdown(context.Background())
				if saved != (err == nil) || !saved && (!errors.As(err, &left) || !slices.Equal(left.SessionIDs, []string{"a"})) {
					t.Fatalf("shutdown: %v", err)
				}
				if saved {
					inStore(t, s, "a", large(100))
				}
			})
		})
	}
}
