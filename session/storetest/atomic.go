package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

// atomicChecks are for stores declared Atomic.
func atomicChecks() []check {
	return ifDeclared("Atomic", func(o Options) bool { return o.Atomic }, []check{
		{"SaveAllAtomic writes every session", atomicAll},
		{"SaveAllAtomic copies data in", atomicCopiesIn},
		{"an empty batch is saved", atomicEmpty},
		{"a session is missing from the millisecond it expires", atomicExpires},
		{"expiries move away and closer, of the same data too", atomicMoves},
		{"a past expiry leaves no record", atomicPast},
		{"one invalid ID, and nothing is written", atomicInvalidID},
		{"one session too large, and nothing is written", atomicTooLarge},
		{"a context that has ended, and nothing is written", atomicCanceled},
		{"no reader sees half a batch", atomicReaders},
		{"of two batches at once one wins whole", atomicWriters},
	})
}

func atomicAll(t testing.TB, k *kit) {
	s := k.store(t)
	ids := newIDs(200)
	s.save(t, ids[7], noise(2000), later())
	s.saveAtomic(t, batchOf(ids, later()))
	for _, id := range ids {
		s.holds(t, id, []byte(id))
	}
	s.saveAtomic(t, fill(ids[:2], nil))
	s.holds(t, ids[0], []byte{})
	s.holds(t, ids[2], []byte(ids[2]))
}

func atomicCopiesIn(t testing.TB, k *kit) {
	s := k.store(t)
	ids, data := newIDs(2), []byte("as it was saved")
	s.saveAtomic(t, fill(ids, data))
	clear(data)
	for _, id := range ids {
		s.holds(t, id, []byte("as it was saved"))
	}
}

func atomicEmpty(t testing.TB, k *kit) {
	s := k.store(t)
	s.saveAtomic(t, nil)
	s.saveAtomic(t, map[string]session.SessionData{})
}

func atomicExpires(t testing.TB, k *kit) {
	s := k.store(t)
	ids := newIDs(2)
	l := k.expiring(func(at time.Time) { s.saveAtomic(t, batchOf(ids, at)) })
	s.expires(t, ids[0], l)
	until(l.latest)
	s.lacks(t, ids[1])
}

func atomicPast(t testing.TB, k *kit) {
	s := k.store(t)
	ids := newIDs(3)
	s.save(t, ids[0], []byte("old"), later())
	s.saveAtomic(t, map[string]session.SessionData{
		ids[0]: {Data: []byte("new"), ExpiresAt: time.Now().Add(-time.Millisecond)},
		ids[1]: {Data: []byte("new")},
		ids[2]: {Data: []byte("new"), ExpiresAt: later()},
	})
	s.lacks(t, ids[0])
	s.lacks(t, ids[1])
	s.holds(t, ids[2], []byte("new"))
}

// refusesWhole checks that a batch fails and changes nothing, neither what was there nor what was not.
func (s *subject) refusesWhole(t testing.TB, ctx context.Context, want error, badID string, bad session.SessionData) {
	t.Helper()
	ids := newIDs(40)
	for _, id := range ids[:20] {
		s.save(t, id, []byte("old"), later())
	}
	batch := fill(ids, []byte("new"))
	if badID != "" {
		batch[ids[20]+badID] = bad
	}
	fails(t, "SaveAllAtomic", s.atomic(t).SaveAllAtomic(ctx, batch), want, ids...)
	for _, id := range ids[:20] {
		s.holds(t, id, []byte("old"))
	}
	for _, id := range append(ids[20:], ids[20]+badID) {
		s.lacks(t, id)
	}
}

func atomicInvalidID(t testing.TB, k *kit) {
	s := k.store(t)
	s.refusesWhole(t, s.ctx, session.ErrInvalidSessionID, " ", session.SessionData{ExpiresAt: later()})
}

func atomicTooLarge(t testing.TB, k *kit) {
	limit, limited := k.limit()
	if !limited {
		t.Skip("the store has no limit")
	}
	s := k.store(t)
	huge := session.SessionData{Data: make([]byte, limit+1), ExpiresAt: later()}
	s.refusesWhole(t, s.ctx, session.ErrSessionTooLarge, "-huge", huge)
}

func atomicCanceled(t testing.TB, k *kit) {
	s := k.store(t)
	ctx, cancel := context.WithCancel(s.ctx)
	cancel()
	s.refusesWhole(t, ctx, context.Canceled, "", session.SessionData{})
}

// atomicReaders writes the same number to 50 sessions again and again. Whoever reads the first and then the last, or
// the last and then the first, must never see the second of them behind.
func atomicReaders(t testing.TB, k *kit) {
	clients := k.peers(t, 3)
	store, ids := clients[0].atomic(t), newIDs(50)
	write := func(n int) error {
		return store.SaveAllAtomic(clients[0].ctx, fill(ids, fmt.Appendf(nil, "%08d", n)))
	}
	if err := write(0); err != nil {
		t.Fatalf("SaveAllAtomic: %v", err)
	}
	const rounds = 100
	ends := []string{ids[0], ids[len(ids)-1]}
	var written atomic.Bool
	err := together(3, func(i int) error {
		if i == 0 {
			defer written.Store(true)
			for n := range rounds {
				if err := write(n + 1); err != nil {
					return err
				}
				pause(100 * time.Microsecond)
			}
			return nil
		}
		for !written.Load() {
			for range 20 {
				if err := clients[i].readsInOrder(ends[i-1], ends[2-i]); err != nil {
					return err
				}
			}
			pause(100 * time.Microsecond) // virtual time stands still while a goroutine is busy
		}
		return nil
	})
	if err != nil {
		t.Fatalf("%v", err)
	}
}

// readsInOrder reads two sessions and fails when the second is older.
func (s *subject) readsInOrder(first, second string) error {
	a, errA := s.Load(s.ctx, first)
	b, errB := s.Load(s.ctx, second)
	if err := errors.Join(errA, errB); err != nil {
		return err
	}
	if a == nil || b == nil || bytes.Compare(a, b) > 0 {
		return fmt.Errorf("a reader saw batch %q in one session and then %q in another", a, b)
	}
	return nil
}

func atomicWriters(t testing.TB, k *kit) {
	clients := k.peers(t, 4)
	ids := newIDs(30)
	var stores []session.AtomicKVStore
	for _, c := range clients {
		stores = append(stores, c.atomic(t))
	}
	err := together(len(clients), func(i int) error {
		for range 10 {
			if err := stores[i].SaveAllAtomic(clients[i].ctx, fill(ids, []byte{'a' + byte(i)})); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatalf("SaveAllAtomic: %v", err)
	}
	winner := clients[0].load(t, ids[0])
	for _, id := range ids {
		clients[0].holds(t, id, winner)
	}
}
