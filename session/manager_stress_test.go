package session_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand"
	"sync"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

// TestManagerStress starts managers, lets many goroutines use them in real time, and stops them in the middle of
// it. It is for the race detector, and for what must hold whatever happens.
func TestManagerStress(t *testing.T) {
	for round := range 4 {
		s := newFaultStore(t)
		s.latency = 200 * time.Microsecond
		var m *session.Manager
		m = session.NewManager(s, session.ManagerConfig{
			MaxDetachedSessions: 20, ResumeWindow: 50 * time.Millisecond, PersistInterval: time.Millisecond,
			CleanupInterval: time.Millisecond, EvictionPolicy: session.EvictionPolicy(round), MaxSessionsPerIP: 30,
			OnTakeover: func(_ context.Context, id string) { m.OnDisconnect(id, []byte("final")) },
			OnEvict:    func(id string) { m.Touch(id) },
			OnExpire:   func(id string) { m.Get(id) },
		}, nil)
		var users sync.WaitGroup
		for user := range 8 {
			users.Go(func() { useAtRandom(m, rand.New(rand.NewSource(int64(round*100+user)))) })
		}
		<-time.After(30 * time.Millisecond)
		var stops sync.WaitGroup
		for range 3 {
			stops.Go(func() {
				if err := m.Shutdown(context.Background()); err != nil {
					t.Errorf("shutdown: %v", err)
				}
			})
		}
		stops.Wait()
		users.Wait()
		if err := m.Shutdown(context.Background()); err != nil {
			t.Errorf("last shutdown: %v", err)
		}
		if st := m.Stats(); st.Total != 0 || st.Unsaved != 0 || st.UnsavedBytes != 0 || st.DetachedBytes != 0 || st.UniqueIPs != 0 {
			t.Errorf("stats after all: %+v", st)
		}
	}
}

func useAtRandom(m *session.Manager, r *rand.Rand) {
	for range 3000 {
		id := fmt.Sprint("s", r.Intn(60))
		switch r.Intn(10) {
		case 0, 1:
			h := &host{state: fmt.Sprint(r.Int())}
			if a, err := m.Attach(h.session(id)); err == nil && r.Intn(2) == 0 {
				m.MarkDirty(id)
				a.Detach([]byte("detached"))
			} else if errors.Is(err, session.ErrManagerStopped) {
				return
			}
		case 2, 3:
			m.OnDisconnect(id, []byte("disconnected"))
		case 4:
			if a, err := m.Resume(context.Background(), id); err == nil {
				if r.Intn(2) == 0 {
					a.Release()
				} else {
					_ = a.Connect(*(&host{state: "resumed"}).session(""))
				}
			}
		case 5:
			_, _, _ = m.OnReconnect(id)
		case 6:
			m.MarkDirty(id)
		case 7:
			if r.Intn(20) == 0 {
				m.Remove(fmt.Sprint("s", 50+r.Intn(10)))
			}
		case 8:
			_ = m.Sync(context.Background(), id)
		case 9:
			_ = m.SetIP(id, fmt.Sprint(r.Intn(5)))
			m.Stats()
		}
	}
}
