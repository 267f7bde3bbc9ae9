package session_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/limpet-go/limpet/session"
)

// A connection that is completed at the very moment when another one resumes is either passed on before, or its host
// is told: it never lives on without its session.
func TestAConnectionCompletedDuringATakeoverIsToldOfIt(t *testing.T) {
	var hooked atomic.Int64
	cfg := session.ManagerConfig{OnTakeover: func(context.Context, string) { hooked.Add(1) }}
	m := session.NewManager(nil, cfg, nil)
	for i := range 20000 {
		hooked.Store(0)
		a, err := m.Attach(&session.ManagedSession{ID: "x"})
		if err != nil {
			t.Fatal(err)
		}
		a.Detach([]byte("0"))
		b, err := m.Resume(t.Context(), "x")
		if err != nil {
			t.Fatal(err)
		}
		connected := make(chan error, 1)
		go func() {
			connected <- b.Connect(session.ManagedSession{Snapshot: func(context.Context) ([]byte, error) { return []byte("1"), nil }})
		}()
		c, err := m.Resume(t.Context(), "x")
		if err != nil {
			t.Fatal(err)
		}
		if <-connected == nil && hooked.Load() == 0 && b.Session().CreatedAt.IsZero() { // zero: superseded
			t.Fatalf("round %d: it connected and was superseded, and nobody told its host", i)
		}
		c.Detach(nil)
	}
}
