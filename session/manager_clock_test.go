package session

import (
	"context"
	"math"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"
)

// writes is a store that tells of each write.
type writes struct {
	*MemoryStore
	saved, touched chan time.Time
}

func newWrites() writes {
	return writes{NewMemoryStore(WithCleanupInterval(-1)), make(chan time.Time, 64), make(chan time.Time, 64)}
}

func (w writes) Save(ctx context.Context, id string, data []byte, until time.Time) error {
	w.saved <- until
	return w.MemoryStore.Save(ctx, id, data, until)
}

func (w writes) Touch(ctx context.Context, id string, until time.Time) error {
	w.touched <- until
	return w.MemoryStore.Touch(ctx, id, until)
}

// Stores keep wall time, so an expiry must be right by the wall clock even after the machine slept: that stops the
// monotonic clock, which the test imitates by moving the wall reading of the manager's start.
func TestExpiryFollowsTheWallClockAfterTheMachineSlept(t *testing.T) {
	w := newWrites()
	defer w.Close()
	m := NewManager(w, ManagerConfig{}, nil)
	*(*uint64)(unsafe.Pointer(&m.start)) -= 3600 << 30 // the seconds of a time with a monotonic reading
	a, err := m.Attach(&ManagedSession{ID: "a"})
	if err != nil {
		t.Fatal(err)
	}
	a.Detach([]byte("state"))
	until := (<-w.saved).Round(0) // without the monotonic reading, as SQLite stores it
	if left := time.Until(until); left < 4*time.Minute || left > 6*time.Minute {
		t.Errorf("the store was told to keep it for %v by the wall clock, want 5m", left)
	}
	if err := m.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

// What expired in the store while the machine slept is saved again: a touch would not revive it.
func TestAConnectedSessionThatExpiredInTheStoreWhileTheMachineSleptIsSavedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWrites()
		defer w.Close()
		m := NewManager(w, ManagerConfig{ResumeWindow: 6 * time.Minute}, nil)
		_, err := m.Attach(&ManagedSession{ID: "a", Snapshot: func(context.Context) ([]byte, error) { return []byte("state"), nil }})
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Sync(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Minute)
		if len(w.saved) != 1 || len(w.touched) == 0 {
			t.Fatalf("awake: %d saves, %d touches, want one save and touches", len(w.saved), len(w.touched))
		}
		m.mu.Lock()
		m.records.find("a").savedTo = time.Now().Add(-time.Second).UnixMilli()
		m.mu.Unlock()
		time.Sleep(5 * time.Minute)
		if len(w.saved) != 2 {
			t.Errorf("%d saves after the sleep, want one more", len(w.saved)-1)
		}
		if err := m.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestAWindowForEverIsNoOverflow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewManager(nil, ManagerConfig{ResumeWindow: math.MaxInt64, CleanupInterval: math.MaxInt64, PersistInterval: math.MaxInt64}, nil)
		time.Sleep(time.Second)
		a, err := m.Attach(&ManagedSession{ID: "a"})
		if err != nil {
			t.Fatal(err)
		}
		a.Detach([]byte("state"))
		time.Sleep(24 * 365 * time.Hour)
		if _, err := m.Resume(t.Context(), "a"); err != nil {
			t.Errorf("resume after a year: %v", err)
		}
		if err := m.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
