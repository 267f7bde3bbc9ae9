package session

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// gateStore answers loads when the gate opens.
type gateStore struct {
	*MemoryStore
	gate chan struct{}
}

func (s *gateStore) Load(ctx context.Context, id string) ([]byte, error) {
	data, err := s.MemoryStore.Load(ctx, id)
	<-s.gate
	return data, err
}

// A and B wait for one load. A gives up; before it has noted that, the load ends, and B is late to take the result.
// Meanwhile C resumes and connects the session and gives it newer state.
func TestALateLandingChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &gateStore{NewMemoryStore(), make(chan struct{})}
		defer s.Close()
		ctx := context.Background()
		if err := s.Save(ctx, "x", []byte("old"), time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		m := NewManager(s, ManagerConfig{}, nil)
		m.mu.Lock()
		a, errA := m.load("x", "")
		b, errB := m.load("x", "")
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		f := m.loads.flights["x"]
		ended, cancel := context.WithCancel(ctx)
		cancel()
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			_, _, _ = a(ended, ResumedHere) // leaves, and waits for the lock
		}()
		close(s.gate)
		if r, err := f.load.Wait(ctx); err != nil || string(r.Data) != "old" {
			t.Fatal(r, err)
		}
		m.unlock()
		<-gone
		c, err := m.Resume(ctx, "x")
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Connect(ManagedSession{Data: []byte("newer")}); err != nil {
			t.Fatal(err)
		}
		if late, _, err := b(ctx, ResumedHere); late != nil || err != nil {
			t.Errorf("the late one has %q without a takeover, %v", late.Data(), err)
		}
		if got := string(c.Data()); got != "newer" {
			t.Errorf("the newest state is %q", got)
		}
		if err := m.Shutdown(ctx); err != nil {
			t.Error(err)
		}
	})
}

func TestRemovalsAreForgottenInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewManager(nil, ManagerConfig{}, nil)
		for i := range 10_000 {
			m.Remove(fmt.Sprint("s", i))
		}
		time.Sleep(time.Duration(m.memory()) + 2*time.Minute)
		synctest.Wait()
		m.mu.Lock()
		defer m.unlock()
		if n := len(m.graves.byID); n != 0 {
			t.Errorf("%d removals in memory long after their time", n)
		}
	})
}
