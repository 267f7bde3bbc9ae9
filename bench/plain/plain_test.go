package plain

import (
	"context"
	"errors"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/limpet-go/limpet/internal/leak"
	"github.com/limpet-go/limpet/session"
)

func TestMain(m *testing.M) { os.Exit(leak.Main(m)) }

var late = time.Date(9000, 1, 1, 0, 0, 0, 0, time.UTC)

func TestStoreSweepsWhatExpired(t *testing.T) {
	s := NewStore()
	batch := map[string]session.SessionData{"old": {ExpiresAt: time.Now()}, "new": {ExpiresAt: late}}
	if err := s.SaveAll(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	s.Sweep()
	if s.Count() != 1 {
		t.Errorf("%d sessions left, want 1", s.Count())
	}
	if err := s.Delete(t.Context(), "new"); err != nil || s.Count() != 0 {
		t.Errorf("%d sessions left after Delete (%v), want 0", s.Count(), err)
	}
}

func TestStoreHonoursContexts(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := NewStore()
	_, loadErr := s.Load(ctx, "a")
	for _, err := range []error{s.Save(ctx, "a", nil, late), loadErr, s.Touch(ctx, "a", late), s.Delete(ctx, "a")} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error = %v, want context.Canceled", err)
		}
	}
}

// detach registers and disconnects n sessions, the last of which was created first.
func detach(t *testing.T, m *Manager, n int) {
	t.Helper()
	for i := range n {
		id := strconv.Itoa(i)
		if err := m.Register(&session.ManagedSession{ID: id, IP: id, CreatedAt: late.Add(-time.Duration(i))}); err != nil {
			t.Fatal(err)
		}
		m.OnDisconnect(id, []byte(id))
	}
}

func TestManagerEvictsAndResumes(t *testing.T) {
	for policy, evicted := range map[session.EvictionPolicy]string{
		session.EvictionLRU: "0", session.EvictionOldest: "2", session.EvictionRandom: "",
	} {
		store := NewStore()
		m := NewManager(store, Config{MaxDetached: 2, Window: time.Hour, Policy: policy})
		detach(t, m, 3)
		if err := m.Shutdown(t.Context()); err != nil || store.Count() != 3 || m.Failed() != 0 {
			t.Errorf("%v: %d sessions saved, %d failed, %v; want 3", policy, store.Count(), m.Failed(), err)
		}
		if st := m.Stats(); st.Detached != 2 || st.Connected != 0 || st.UniqueIPs != 2 {
			t.Errorf("%v: stats %+v", policy, st)
		}
		for _, id := range []string{"0", "1", "2"} {
			sess, data, err := m.OnReconnect(id)
			if string(data) != id || err != nil {
				t.Errorf("%v: OnReconnect(%s) = %q, %v", policy, id, data, err)
			}
			if here := sess != nil; evicted != "" && here == (id == evicted) {
				t.Errorf("%v: session %s in memory: %t", policy, id, here)
			}
		}
	}
}

func TestManagerWindowEnds(t *testing.T) {
	store := NewStore()
	m := NewManager(store, Config{MaxDetached: -1, Window: time.Nanosecond})
	detach(t, m, 3)
	if err := m.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := m.OnReconnect("0"); !errors.Is(err, session.ErrSessionExpired) {
		t.Errorf("OnReconnect after the window = %v", err)
	}
	m.Cleanup()
	if m.Stats().Total != 0 {
		t.Errorf("%d sessions left", m.Stats().Total)
	}
	if _, _, err := m.OnReconnect("0"); !errors.Is(err, session.ErrSessionNotFound) {
		t.Errorf("OnReconnect of an unknown session = %v", err)
	}
}
