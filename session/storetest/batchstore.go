package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

// batchStoreChecks are for stores declared Batch.
func batchStoreChecks() []check {
	return ifDeclared("Batch", func(o Options) bool { return o.Batch }, []check{
		{"LoadAll returns the live sessions and no entry for the missing", loadAllLive},
		{"TouchAll moves each expiry to its own, to the millisecond", touchAllMoves},
		{"TouchAll never creates and never revives", touchAllNeverCreates},
		{"DeleteAll removes these sessions and no other", deleteAllThese},
		{"naming a session twice is as good as once", namedTwice},
		{"invalid IDs count as missing", batchInvalidIDs},
		{"an empty batch does nothing", batchEmpty},
		{"10,000 sessions are loaded, touched and deleted at once", batchOf10000},
		{"20 MiB are loaded at once", loadAllHeavy},
		{"the caller owns what LoadAll returns", loadAllOwned},
		{"the caller's slices and maps stay as they are", batchLeavesArguments},
		{"batches of the same sessions from 8 clients at once all succeed", batchesAtOnce},
	})
}

func (s *subject) batch(t testing.TB) session.BatchStore {
	t.Helper()
	return capability[session.BatchStore](t, s)
}

func (s *subject) loadAll(t testing.TB, ids []string) map[string][]byte {
	t.Helper()
	loaded, err := s.batch(t).LoadAll(s.ctx, ids)
	if err != nil {
		t.Fatalf("LoadAll: %v", err)
	}
	return loaded
}

func (s *subject) touchAll(t testing.TB, expiries map[string]time.Time) {
	t.Helper()
	if err := s.batch(t).TouchAll(s.ctx, expiries); err != nil {
		t.Fatalf("TouchAll: %v", err)
	}
}

func (s *subject) deleteAll(t testing.TB, ids []string) {
	t.Helper()
	if err := s.batch(t).DeleteAll(s.ctx, ids); err != nil {
		t.Fatalf("DeleteAll: %v", err)
	}
}

// holdsAll checks that LoadAll finds exactly these of the sessions named, with these bytes.
func (s *subject) holdsAll(t testing.TB, ids []string, want map[string][]byte) {
	t.Helper()
	got := s.loadAll(t, ids)
	for id, data := range want {
		if found, ok := got[id]; !ok || found == nil || !bytes.Equal(found, data) {
			t.Fatalf("LoadAll: a session has %s, found: %v; want %s", brief(found), ok, brief(data))
		}
	}
	if len(got) != len(want) {
		t.Fatalf("LoadAll of %d IDs returned %d sessions; want %d", len(ids), len(got), len(want))
	}
}

// allAt gives every session the same expiry.
func allAt(ids []string, at time.Time) map[string]time.Time {
	expiries := make(map[string]time.Time, len(ids))
	for _, id := range ids {
		expiries[id] = at
	}
	return expiries
}

// themselves is what batchOf saves.
func themselves(ids []string) map[string][]byte {
	data := make(map[string][]byte, len(ids))
	for _, id := range ids {
		data[id] = []byte(id)
	}
	return data
}

func loadAllLive(t testing.TB, k *kit) {
	s := k.store(t)
	ids := spreadIDs(700)
	s.saveAll(t, batchOf(ids[:600], later()))
	s.save(t, ids[1], nil, later())
	s.delete(t, ids[2])
	s.touch(t, ids[3], time.Now().Add(-time.Second))
	l := k.expiring(func(at time.Time) { s.save(t, ids[4], []byte("short"), at) })
	until(l.latest)
	want := themselves(ids[:600])
	want[ids[1]] = []byte{}
	for _, gone := range ids[2:5] {
		delete(want, gone)
	}
	s.holdsAll(t, ids, want)
	s.holdsAll(t, ids[600:], nil)
}

func touchAllMoves(t testing.TB, k *kit) {
	s := k.store(t)
	ids := spreadIDs(40)
	sooner, past, away, others := ids[0], ids[1], ids[2], ids[3:]
	s.saveAll(t, batchOf(ids, later()))
	short := k.expiring(func(at time.Time) { s.save(t, away, []byte(away), at) })
	l := k.expiring(func(at time.Time) {
		expiries := allAt(others[:20], later().Add(time.Hour))
		expiries[sooner], expiries[past], expiries[away] = at, time.Time{}, later()
		s.touchAll(t, expiries)
	})
	inTime := time.Now().Before(short.earliest)
	l.latest = l.latest.Add(k.opts.TouchPrecision)
	s.lacks(t, past)
	s.expires(t, sooner, l)
	want := themselves(others)
	if inTime { // else the machine was so slow that it may have expired before
		until(short.latest.Add(k.slack()))
		want[away] = []byte(away)
	}
	s.holdsAll(t, append(slices.Clone(others), slices.Collect(maps.Keys(want))...), want)
}

func touchAllNeverCreates(t testing.TB, k *kit) {
	s := k.store(t)
	ids := spreadIDs(4)
	s.saveAll(t, batchOf(ids[:3], later()))
	s.delete(t, ids[0])
	l := k.expiring(func(at time.Time) { s.save(t, ids[1], []byte("short"), at) })
	until(l.latest)
	s.touchAll(t, allAt(ids, later()))
	s.holdsAll(t, ids, themselves(ids[2:3]))
}

func deleteAllThese(t testing.TB, k *kit) {
	s := k.store(t)
	ids := spreadIDs(300)
	s.saveAll(t, batchOf(ids[:200], later()))
	s.deleteAll(t, ids[100:])
	s.holdsAll(t, ids, themselves(ids[:100]))
	s.saveAll(t, batchOf(ids[150:151], later()))
	s.holdsAll(t, ids[100:], themselves(ids[150:151]))
}

func namedTwice(t testing.TB, k *kit) {
	s := k.store(t)
	ids := spreadIDs(300)
	s.saveAll(t, batchOf(ids, later()))
	twice := slices.Concat(ids, ids, ids[:1])
	s.holdsAll(t, twice, themselves(ids))
	s.deleteAll(t, twice)
	s.holdsAll(t, twice, nil)
}

func batchInvalidIDs(t testing.TB, k *kit) {
	s := k.store(t)
	base := newID("k")
	s.save(t, base, []byte(base), later())
	named := append(badIDs(base), base)
	s.holdsAll(t, named, themselves([]string{base}))
	s.holdsAll(t, badIDs(base), nil)
	s.touchAll(t, allAt(badIDs(base), time.Now().Add(-time.Second)))
	s.deleteAll(t, badIDs(base))
	s.holdsAll(t, named, themselves([]string{base}))
	s.deleteAll(t, named)
	s.lacks(t, base)
}

func batchEmpty(t testing.TB, k *kit) {
	s := k.store(t)
	s.save(t, newID(""), nil, later())
	io := func() int64 { return 0 }
	if k.opts.IO != nil {
		io = func() int64 { return k.opts.IO(s.SessionStore) }
	}
	before := io()
	s.holdsAll(t, nil, nil)
	s.holdsAll(t, []string{}, nil)
	s.touchAll(t, nil)
	s.touchAll(t, map[string]time.Time{})
	s.deleteAll(t, nil)
	s.deleteAll(t, []string{})
	if after := io(); after != before {
		t.Fatalf("empty batches did %d operations on the backend", after-before)
	}
}

func batchOf10000(t testing.TB, k *kit) {
	s := k.store(t)
	ids := spreadIDs(10_000)
	s.saveAll(t, batchOf(ids, later()))
	s.touchAll(t, allAt(ids, later().Add(time.Hour)))
	s.holdsAll(t, ids, themselves(ids))
	s.deleteAll(t, ids)
	s.holdsAll(t, ids, nil)
}

func loadAllHeavy(t testing.TB, k *kit) {
	size := 1 << 20
	if limit, limited := k.limit(); limited {
		size = min(size, limit)
	}
	s := k.store(t)
	ids, data, want := spreadIDs(20), noise(size), map[string][]byte{}
	for _, id := range ids {
		s.save(t, id, data, later())
		want[id] = data
	}
	s.holdsAll(t, ids, want)
	s.deleteAll(t, ids)
}

func loadAllOwned(t testing.TB, k *kit) {
	s := k.store(t)
	ids := spreadIDs(10)
	s.saveAll(t, batchOf(ids, later()))
	first, second := s.loadAll(t, ids), s.loadAll(t, ids)
	for id, data := range first {
		clear(data)
		_ = append(data, "more"...)
		first[id] = nil
	}
	clear(first)
	for _, id := range ids {
		if !bytes.Equal(second[id], []byte(id)) {
			t.Fatalf("two calls of LoadAll share memory, or two sessions of one call do")
		}
	}
	s.holdsAll(t, ids, themselves(ids))
}

func batchLeavesArguments(t testing.TB, k *kit) {
	s := k.store(t)
	ids := spreadIDs(100)
	s.saveAll(t, batchOf(ids, later()))
	slices.Reverse(ids)
	ids = append(ids, "bad ID", ids[5], "")
	want, expiries := slices.Clone(ids), allAt(ids, later())
	wantExpiries := maps.Clone(expiries)
	s.loadAll(t, ids)
	s.touchAll(t, expiries)
	s.deleteAll(t, ids)
	if !slices.Equal(ids, want) || !maps.Equal(expiries, wantExpiries) {
		t.Fatalf("the store changed a slice or a map of its caller's")
	}
}

func batchesAtOnce(t testing.TB, k *kit) {
	clients := k.peers(t, 8)
	ids := spreadIDs(200)
	var stores []session.BatchStore
	for _, c := range clients {
		stores = append(stores, c.batch(t))
	}
	err := together(len(clients), func(i int) error {
		for range 3 {
			ctx := clients[i].ctx
			err := errors.Join(
				clients[i].SaveAll(ctx, batchOf(ids, later())),
				stores[i].TouchAll(ctx, allAt(ids, later())))
			loaded, loadErr := stores[i].LoadAll(ctx, ids)
			for id, data := range loaded {
				if string(data) != id {
					err = fmt.Errorf("LoadAll saw %s in a session, which nobody saved", brief(data))
				}
			}
			if err = errors.Join(err, loadErr, stores[i].DeleteAll(ctx, ids)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatalf("%v", err)
	}
	clients[0].holdsAll(t, ids, nil)
}
