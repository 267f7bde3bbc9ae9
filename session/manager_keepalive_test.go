package session_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpet-go/limpet/session"
)

// touched is a store that counts the touches of each second.
type touched struct {
	*faultStore
	began time.Time
	at    map[int]int
}

func newTouched(t *testing.T) *touched {
	return &touched{newFaultStore(t), time.Now(), map[int]int{}}
}

func (s *touched) count(n int) {
	s.set(func(*faultStore) { s.at[int(time.Since(s.began)/time.Second)] += n })
}

func (s *touched) Touch(ctx context.Context, id string, until time.Time) error {
	s.count(1)
	return s.faultStore.Touch(ctx, id, until)
}

func (s *touched) LoadAll(context.Context, []string) (map[string][]byte, error) { return nil, errDown }
func (s *touched) DeleteAll(context.Context, []string) error                    { return errDown }

func (s *touched) TouchAll(ctx context.Context, expiries map[string]time.Time) error {
	s.count(len(expiries))
	var ids []string
	for id := range expiries {
		ids = append(ids, id)
	}
	return s.write(ctx, ids, func() {
		for id, until := range expiries {
			s.extend(id, until)
		}
	})
}

// between returns how many touches there were in the seconds from, and up to, two times, and in the worst of them.
func (s *touched) between(from, to time.Duration) (n, worst int) {
	s.set(func(*faultStore) {
		for i := int(from / time.Second); i < int(to/time.Second); i++ {
			n, worst = n+s.at[i], max(worst, s.at[i])
		}
	})
	return n, worst
}

func TestPromise5KeepalivesOfSessionsThatConnectAtOnceAreSpread(t *testing.T) {
	const sessions, every = 20_000, window / 3
	synctest.Test(t, func(t *testing.T) {
		s := newTouched(t)
		m := session.NewManager(s, session.ManagerConfig{ResumeWindow: window, MaxSessionsPerIP: -1}, nil)
		for i := range sessions { // within a second
			connect(t, m, &session.ManagedSession{ID: fmt.Sprint("s", i), Data: []byte("state")})
			if i%1000 == 0 {
				after(50 * time.Millisecond)
			}
		}
		after(4 * every)
		for lap := range 3 {
			n, worst := s.between(time.Duration(lap)*every+every/2, time.Duration(lap+1)*every+every/2)
			if n < sessions*9/10 || n > sessions*11/10 || worst > sessions/40 {
				t.Errorf("interval %d: %d touches, %d in one second", lap, n, worst)
			}
		}
		for i := range sessions {
			if _, until := s.stored(fmt.Sprint("s", i)); time.Until(until) < window+every/2 {
				t.Fatalf("the store keeps a connected session for %v", time.Until(until))
			}
		}
		if err := m.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

func TestPromise5ReconnectsInAStormWriteNothingAtOnce(t *testing.T) {
	const sessions = 1000
	synctest.Test(t, func(t *testing.T) {
		s := newTouched(t)
		m := session.NewManager(s, session.ManagerConfig{ResumeWindow: window, MaxSessionsPerIP: -1}, nil)
		for i := range sessions {
			detached(t, m, fmt.Sprint("s", i), "state")
		}
		after(window / 4)
		for i := range sessions {
			if _, _, err := m.OnReconnect(fmt.Sprint("s", i)); err != nil {
				t.Fatal(err)
			}
		}
		settle()
		if n, _ := s.between(0, time.Hour); n != 0 {
			t.Errorf("%d touches when they came back", n)
		}
		after(30 * time.Second) // the PersistInterval
		if n, worst := s.between(0, time.Hour); n != sessions || worst > sessions/5 {
			t.Errorf("%d of %d sessions touched within the interval, %d in one second", n, sessions, worst)
		}
		for i := range sessions {
			if _, until := s.stored(fmt.Sprint("s", i)); time.Until(until) < window+window/2-30*time.Second {
				t.Fatalf("the store keeps a connected session for %v", time.Until(until))
			}
		}
		if err := m.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

func TestPromise5ASessionThatComesBackAndLeavesAgainIsWrittenOnce(t *testing.T) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
		detached(t, m, "a", "state")
		after(time.Minute)
		a := resumed(t, m, "a", "state", session.ResumedHere)
		if err := a.Connect(session.ManagedSession{}); err != nil {
			t.Fatal(err)
		}
		settle()
		a.Detach([]byte("state"))
		after(time.Second)
		if got := s.history("a"); !slices.Equal(got, []string{"save a state", "touch a"}) {
			t.Errorf("%q", got)
		}
		expiresIn(t, s, "a", window-time.Second)
		after(window)
		if got := s.history("a"); len(got) != 2 {
			t.Errorf("%q after the window", got)
		}
	})
}

func TestPromise5ASessionThatComesBackLateIsExtendedAtOnce(t *testing.T) {
	for _, left := range []time.Duration{time.Second, window / 5} {
		bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
			detached(t, m, "a", "state")
			after(window - left)
			if _, _, err := m.OnReconnect("a"); err != nil {
				t.Fatal(err)
			}
			settle()
			expiresIn(t, s, "a", window+window/2)
		})
	}
}

// One whose state the store has not taken yet is not touched either: the store takes it with the expiry of its
// disconnect, and it is extended soon.
func TestPromise5ASessionThatComesBackInAnOutageIsExtendedWhenItEnds(t *testing.T) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
		s.setFail(errDown)
		detached(t, m, "a", "state")
		after(time.Second)
		if _, _, err := m.OnReconnect("a"); err != nil {
			t.Fatal(err)
		}
		after(window)
		s.setFail(nil)
		after(10 * time.Second)
		if got, until := s.stored("a"); string(got) != "state" || time.Until(until) < window {
			t.Errorf("the store has %q for %v", got, time.Until(until))
		}
	})
}

func TestPromise5WindowsOfAnyLengthKeepConnectedSessionsInTheStore(t *testing.T) {
	for _, w := range []time.Duration{
		1, time.Microsecond, time.Millisecond, 50 * time.Millisecond, time.Second, time.Minute, 100 * time.Hour,
	} {
		bubble(t, session.ManagerConfig{ResumeWindow: w}, func(t *testing.T, m *session.Manager, s *faultStore) {
			latency := min(w/10, 100*time.Millisecond)
			s.set(func(s *faultStore) { s.latency = latency })
			connect(t, m, &session.ManagedSession{ID: "a", Data: []byte("state")})
			connect(t, m, (&host{state: "state"}).session("b"))
			if err := m.Sync(context.Background(), "b"); err != nil {
				t.Fatal(err)
			}
			after(latency)
			step := max(w/7, time.Second/7)
			for range 200 {
				after(step)
				for _, id := range []string{"a", "b"} {
					if got, until := s.stored(id); string(got) != "state" || time.Until(until) < w {
						t.Fatalf("window %v: the store has %q of %s for %v", w, got, id, time.Until(until))
					}
				}
			}
			for _, id := range []string{"a", "b"} {
				ops := s.history(id)
				if most := int(200*step/max(w/3, time.Second)) + 3; len(ops) > most || slices.Contains(ops[1:], ops[0]) {
					t.Errorf("window %v: %d writes in %v, want one save and %d touches at most", w, len(ops), 200*step, most)
				}
			}
			if err := m.Shutdown(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestPromise1ALateTouchDoesNotLengthenTheWindowOfWhoLeftMeanwhile(t *testing.T) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
		a := connect(t, m, (&host{state: "state"}).session("a"))
		if err := m.Sync(context.Background(), "a"); err != nil {
			t.Fatal(err)
		}
		_, until := s.stored("a")
		s.set(func(s *faultStore) { s.failWrites = errDown })
		after(time.Until(until) - 8*time.Second)
		s.set(func(s *faultStore) { s.failWrites, s.latency = nil, 9*time.Second })
		after(6 * time.Second) // a touch is under way that will arrive after the expiry
		a.Detach([]byte("state"))
		ends := time.Now().Add(window)
		after(time.Minute)
		if _, until := s.stored("a"); !until.Equal(ends) {
			t.Errorf("the store keeps it for %v longer than its window", until.Sub(ends))
		}
	})
}

func TestPromise6AStateOnlyTheStoreHadIsNamedIfItExpiredThere(t *testing.T) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
		connect(t, m, (&host{state: "state"}).session("a"))
		if err := m.Sync(context.Background(), "a"); err != nil {
			t.Fatal(err)
		}
		_, until := s.stored("a")
		s.set(func(s *faultStore) { s.failWrites = errDown })
		after(time.Until(until) - 8*time.Second)
		s.set(func(s *faultStore) { s.failWrites, s.latency = nil, 9*time.Second })
		after(6 * time.Second)
		m.OnDisconnect("a", nil)                     // its host has no final state, and the manager none since the store had it
		s.set(func(s *faultStore) { s.latency = 0 }) // for what follows
		var left *session.NotSavedError
		if err := m.Shutdown(context.Background()); err != nil && !errors.As(err, &left) {
			t.Fatal(err)
		}
		if got, _ := s.stored("a"); got == nil && left == nil {
			t.Error("the state is nowhere, and not named")
		}
	})
}

func TestPromise5AStateStaysInMemoryUntilTheStoreKeepsItForLong(t *testing.T) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
		h := &host{state: "state"}
		connect(t, m, h.session("a"))
		if err := m.Sync(context.Background(), "a"); err != nil {
			t.Fatal(err)
		}
		m.OnDisconnect("a", []byte("state"))
		after(window - 500*time.Millisecond)
		s.set(func(s *faultStore) { s.latency = time.Second }) // the touch of the connect comes too late
		if err := resumed(t, m, "a", "state", session.ResumedHere).Connect(*h.session("")); err != nil {
			t.Fatal(err)
		}
		m.OnDisconnect("a", nil)
		after(10 * time.Second)
		inStore(t, s, "a", "state")
	})
}

func TestPromise5AStoreThatWasNeverToldToForgetIsAskedToKeep(t *testing.T) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
		h := &host{state: "state"}
		connect(t, m, h.session("a"))
		if err := m.Sync(context.Background(), "a"); err != nil {
			t.Fatal(err)
		}
		s.set(func(s *faultStore) { s.failWrites = errDown })
		m.OnDisconnect("a", nil) // the touch that shortens its expiry fails, and only the store has the state
		after(time.Second)
		connect(t, m, h.session("a")).Detach(nil)
		after(window - time.Second/2)
		connect(t, m, &session.ManagedSession{ID: "a"})
		s.set(func(s *faultStore) { s.failWrites = nil })
		after(10 * time.Second)
		if got, until := s.stored("a"); string(got) != "state" || time.Until(until) < window {
			t.Errorf("the store has %q for %v", got, time.Until(until))
		}
	})
}
