package storetest

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

func batchChecks() []check {
	return []check{
		{"an empty batch is saved", emptyBatch},
		{"SaveAll writes every session of 1,500", manySessions},
		{"SaveAll replaces what was there", batchReplaces},
		{"SaveAll leaves other sessions alone", batchLeavesOthers},
		{"a batch of 20 MiB is split, not refused", heavyBatch},
		{"a refused session does not cost the others", refusedAmongGood},
		{"the error names exactly what was not saved", errorNamesUnsaved},
		{"the error's text has the number and no ID", errorText},
	}
}

// batchOf returns sessions that hold their own IDs.
func batchOf(ids []string, expiresAt time.Time) map[string]session.SessionData {
	batch := make(map[string]session.SessionData, len(ids))
	for _, id := range ids {
		batch[id] = session.SessionData{Data: []byte(id), ExpiresAt: expiresAt}
	}
	return batch
}

// fill gives every session of a batch the same data.
func fill(ids []string, data []byte) map[string]session.SessionData {
	batch := make(map[string]session.SessionData, len(ids))
	for _, id := range ids {
		batch[id] = session.SessionData{Data: data, ExpiresAt: later()}
	}
	return batch
}

func emptyBatch(t testing.TB, k *kit) {
	s := k.store(t)
	s.saveAll(t, nil)
	s.saveAll(t, map[string]session.SessionData{})
}

func manySessions(t testing.TB, k *kit) {
	s := k.store(t)
	ids := spreadIDs(1500)
	s.saveAll(t, batchOf(ids, later()))
	for _, id := range ids {
		s.holds(t, id, []byte(id))
	}
}

func batchReplaces(t testing.TB, k *kit) {
	s := k.store(t)
	ids := newIDs(40)
	for _, id := range ids[:20] {
		s.save(t, id, noise(3000), later())
	}
	s.saveAll(t, batchOf(ids, later()))
	s.saveAll(t, fill(ids[30:], []byte("newest")))
	for i, id := range ids {
		want := []byte(id)
		if i >= 30 {
			want = []byte("newest")
		}
		s.holds(t, id, want)
	}
}

func batchLeavesOthers(t testing.TB, k *kit) {
	s := k.store(t)
	ids := newIDs(3)
	s.save(t, ids[1], []byte("kept"), later())
	s.saveAll(t, batchOf([]string{ids[0], ids[2]}, later()))
	s.holds(t, ids[1], []byte("kept"))
}

func heavyBatch(t testing.TB, k *kit) {
	size := 1 << 20
	if limit, limited := k.limit(); limited {
		size = min(size, limit)
	}
	s := k.store(t)
	ids, data := newIDs(20), noise(size)
	s.saveAll(t, fill(ids, data))
	for _, id := range ids {
		s.holds(t, id, data)
	}
}

// mixed is a batch with good sessions and some that must be refused, which it returns in ascending order.
func mixed(k *kit) (batch map[string]session.SessionData, good, refused []string) {
	good = newIDs(20)
	batch = batchOf(good, later())
	refused = []string{"", good[3] + " ", good[5] + strings.Repeat("x", 64)}
	if limit, limited := k.limit(); limited {
		huge := good[7] + "-huge"
		batch[huge] = session.SessionData{Data: make([]byte, limit+1), ExpiresAt: later()}
		refused = append(refused, huge)
	}
	for _, id := range refused {
		if _, there := batch[id]; !there {
			batch[id] = session.SessionData{Data: []byte("bad"), ExpiresAt: later()}
		}
	}
	slices.Sort(refused)
	return batch, good, refused
}

func refusedAmongGood(t testing.TB, k *kit) {
	s := k.store(t)
	batch, good, refused := mixed(k)
	err := s.SaveAll(s.ctx, batch)
	fails(t, "SaveAll", err, session.ErrInvalidSessionID)
	if _, limited := k.limit(); limited {
		fails(t, "SaveAll", err, session.ErrSessionTooLarge)
	}
	for _, id := range good {
		s.holds(t, id, []byte(id))
	}
	for _, id := range refused {
		s.lacks(t, id)
	}
}

func errorNamesUnsaved(t testing.TB, k *kit) {
	s := k.store(t)
	batch, _, refused := mixed(k)
	err := s.SaveAll(s.ctx, batch)
	var unsaved *session.NotSavedError
	if !errors.As(err, &unsaved) {
		t.Fatalf("SaveAll: error %v; want a *NotSavedError", err)
	}
	if !slices.Equal(unsaved.SessionIDs, refused) {
		t.Fatalf("the error names %q; want %q", unsaved.SessionIDs, refused)
	}
	for id := range maps.Keys(batch) {
		if saved := s.load(t, id) != nil; saved == slices.Contains(unsaved.SessionIDs, id) {
			t.Fatalf("a session is in the store: %v, and named as not saved: %v", saved, !saved)
		}
	}
}

func errorText(t testing.TB, k *kit) {
	s := k.store(t)
	ids := newIDs(3)
	batch := batchOf([]string{ids[0], ids[1] + " ", ids[2] + "é"}, later())
	err := s.SaveAll(s.ctx, batch)
	fails(t, "SaveAll", err, session.ErrInvalidSessionID, ids...)
	if !strings.Contains(err.Error(), "2 sessions not saved") {
		t.Fatalf("SaveAll: error text %q does not say that 2 sessions were not saved", err)
	}
}
