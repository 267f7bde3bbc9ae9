package bench

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

// engine is a server or a file with the contenders on it.
type engine struct {
	rivals []rival
	empty  func(tb testing.TB) // takes every session away
}

// rival is a contender on an engine. The first is the straightforward one.
type rival struct {
	impl  string
	store store
	only  []string // the operations in which it takes part; nil: in all
}

func (r rival) skips(op string) bool { return r.only != nil && !slices.Contains(r.only, op) }

// close ends all contenders.
func (e *engine) close(tb testing.TB) {
	for _, r := range e.rivals {
		if err := r.store.Close(); err != nil {
			tb.Errorf("%s: %v", r.impl, err)
		}
	}
}

// add puts a contender on the engine.
func (e *engine) add(tb testing.TB, impl string, s store, err error, only ...string) {
	tb.Helper()
	if err != nil {
		tb.Fatalf("%s: %v", impl, err)
	}
	e.rivals = append(e.rivals, rival{impl, s, only})
}

// engines open each engine with its contenders.
var engines = map[string]func(tb testing.TB) *engine{
	"SQLite":   func(tb testing.TB) *engine { return openSQLite(tb, full) },
	"Postgres": openPostgres,
	"MariaDB":  openMariaDB,
	"Redis": func(tb testing.TB) *engine {
		e, _ := openRedis(tb)
		return e
	},
}

func TestContendersToStoresDoTheSameWork(t *testing.T) {
	for name, open := range engines {
		t.Run(name, func(t *testing.T) {
			e := open(t)
			defer e.close(t)
			e.empty(t)
			for _, r := range e.rivals {
				t.Run(r.impl, func(t *testing.T) { sameWork(t, r) })
			}
		})
	}
}

// sameWork saves, saves over, touches and loads; what a contender says is done must be seen by a load.
func sameWork(t *testing.T, r rival) {
	ctx, late := context.Background(), time.Now().Add(time.Hour)
	ids := makeIDs(200)
	if all, ok := r.store.(batchStore); ok {
		if err := all.SaveAll(ctx, batchOf(ids)); err != nil {
			t.Fatal(err)
		}
		for _, id := range ids {
			loaded(t, r.store, id, newState()[7])
		}
	}
	if r.skips("save") {
		return
	}
	for round := range uint64(3) {
		for _, id := range ids[:3] {
			if err := saver(r.store)(ctx, id, round); err != nil {
				t.Fatal(err)
			}
			loaded(t, r.store, id, byte(round))
		}
	}
	for range 3 {
		if err := r.store.Touch(ctx, ids[0], late); err != nil {
			t.Error(err)
		}
	}
	loaded(t, r.store, ids[0], 2)
	touchTakesEffect(t, r.store, ids[1])
}

// touchTakesEffect sees a session end, or with a Manager, which decides itself how long it lives, live longer.
func touchTakesEffect(t *testing.T, s store, id string) {
	t.Helper()
	ctx, soon := context.Background(), time.Now().Add(50*time.Millisecond)
	through, managed := s.(*throughManager)
	before := time.Time{}
	if managed {
		before = expiryOf(t, through.SessionStore, id)
	}
	<-time.After(10 * time.Millisecond)
	if err := s.Touch(ctx, id, soon); err != nil {
		t.Fatal(err)
	}
	if managed {
		if after := expiryOf(t, through.SessionStore, id); after.Equal(before) {
			t.Errorf("a touch left the expiry at %v", after)
		}
		return
	}
	<-time.After(time.Until(soon) + 10*time.Millisecond)
	if got, err := s.Load(ctx, id); got != nil || err != nil {
		t.Errorf("loaded %d bytes, %v, of a session that a touch let expire", len(got), err)
	}
}

func expiryOf(t *testing.T, s session.SessionStore, id string) (at time.Time) {
	t.Helper()
	list, ok := session.As[session.Scanner](s)
	if !ok {
		t.Fatal("the store cannot list its sessions")
	}
	for info, err := range session.Sessions(context.Background(), list) {
		if err != nil {
			t.Fatal(err)
		}
		if info.ID == id {
			at = info.ExpiresAt
		}
	}
	return at
}

// loaded checks the size of a session, and the byte that tells one state of it from another.
func loaded(t *testing.T, s store, id string, state byte) {
	t.Helper()
	if got, err := s.Load(context.Background(), id); err != nil || len(got) != stateBytes || got[7] != state {
		t.Fatalf("loaded %d bytes, %v; want %d in state %d", len(got), err, stateBytes, state)
	}
}

var _ session.SessionStore = (*throughManager)(nil)
