package session

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// TestMemoryStoreScanAgainstModel lists a store to its end again and again, a page at a time, with random calls in
// between.
func TestMemoryStoreScanAgainstModel(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	m := NewMemoryStore(WithCleanupInterval(-1))
	t.Cleanup(func() { _ = m.Close() }) // always nil
	live := map[string]bool{}
	for range 100 {
		throughout, listed := maps.Clone(live), map[string]bool{}
		for cursor, more := "", true; more; {
			page, next, err := m.Scan(t.Context(), cursor, 1+rng.IntN(100))
			if err != nil {
				t.Fatal(err)
			}
			for _, info := range page {
				listed[info.ID] = true
				if !live[info.ID] {
					t.Fatalf("session %s is listed and not live", info.ID)
				}
			}
			changeAtRandom(t, rng, m, live, throughout)
			cursor, more = next, next != ""
		}
		for id := range throughout {
			if !listed[id] {
				t.Fatalf("session %s was live throughout and is not listed", id)
			}
		}
	}
}

// changeAtRandom takes those that go out of throughout.
func changeAtRandom(t *testing.T, rng *rand.Rand, m *MemoryStore, live, throughout map[string]bool) {
	t.Helper()
	for range rng.IntN(200) {
		id := fmt.Sprint("s", rng.IntN(3000))
		var err error
		switch at := time.Now().Add(time.Hour); rng.IntN(4) {
		case 0, 1:
			live[id], err = true, m.Save(t.Context(), id, []byte(id), at)
		case 2:
			err = m.Touch(t.Context(), id, at)
		case 3:
			err = m.Delete(t.Context(), id)
			delete(live, id)
			delete(throughout, id)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestMemoryStoreScanLooksAtFewEntriesAtATime(t *testing.T) {
	m := newSilentMemory(t)
	for i := range 1000 {
		saveInShard(t, m, 7, i)
	}
	at, listed := memoryCursor{shard: 7}, 0
	for at.shard == 7 {
		page := m.list(nil, &at, memoryStep)
		if len(page) > memoryStep+10 { // a chain may go beyond the step
			t.Fatalf("one step has %d sessions; want about %d at most", len(page), memoryStep)
		}
		listed += len(page)
	}
	if want := (memoryCursor{shard: 8}); at != want || listed != 1000 {
		t.Errorf("after %d sessions the cursor is %v; want 1000 and %v", listed, at, want)
	}
}

// saveInShard saves session i for an hour under a hash that spreads well.
func saveInShard(t *testing.T, m *MemoryStore, shard, i int) {
	t.Helper()
	deadline := time.Since(m.base) + time.Hour
	if err := m.shards[shard].save(spread(i), fmt.Sprint(i), nil, 0, deadline); err != nil {
		t.Fatal(err)
	}
}

// spread is a hash of small numbers, another one for each.
func spread(i int) uint32 { return uint32(i+1) * 0x9e3779b1 }

func TestMemoryCursorIsStrict(t *testing.T) {
	for _, good := range []string{"", "1", "63", "0.17", "63.4294967295"} {
		c, err := parseMemoryCursor(good)
		if err != nil || good != "" && c.String() != good {
			t.Errorf("cursor %q is %v, %v", good, c, err)
		}
	}
	for _, bad := range []string{"64", "-1", "+1", "01", "1.", ".1", "1.-1", "1.+1", "1.01", "1.0", "1.1.1", "1 ", "x", "99999999999999999999",
		"63.4294967296", "1.99999999999999999999", "١", strings.Repeat("9", 1000)} {
		if c, err := parseMemoryCursor(bad); err == nil {
			t.Errorf("cursor %q is %v and no error", bad, c)
		}
	}
}

// A scan of a shard lists each session that stays exactly once, however many chains it gets or loses meanwhile.
func TestMemoryStoreScanListsOnceWhileTheShardGrowsAndShrinks(t *testing.T) {
	const sessions, staying = 2000, 300
	for at := range 60 { // the step before which everything changes
		for name, change := range map[string]func(m *MemoryStore){
			"grows": func(m *MemoryStore) {
				for i := range 3 * sessions {
					saveInShard(t, m, 0, sessions+i)
				}
			},
			"shrinks": func(m *MemoryStore) {
				for i := staying; i < sessions; i++ {
					s := &m.shards[0]
					s.remove(s.find(spread(i), fmt.Sprint(i)))
				}
			},
		} {
			m := newSilentMemory(t)
			for i := range sessions {
				saveInShard(t, m, 0, i)
			}
			seen := listShard(m, func(step int) {
				if step == at {
					change(m)
				}
			})
			for i := range staying {
				if n := seen[fmt.Sprint(i)]; n != 1 {
					t.Fatalf("the shard %s before step %d: session %d is listed %d times", name, at, i, n)
				}
			}
		}
	}
}

// listShard counts how often each session of the first shard is listed, with a call before each step.
func listShard(m *MemoryStore, before func(step int)) map[string]int {
	seen := map[string]int{}
	for at, step := (memoryCursor{}), 0; at.shard == 0; step++ {
		before(step)
		for _, info := range m.list(nil, &at, memoryStep) {
			seen[info.ID]++
		}
	}
	return seen
}

// A store that was swept and filled anew goes on from an old cursor, wherever that is by now.
func TestMemoryStoreScanGoesOnFromAnOldCursor(t *testing.T) {
	m := newSilentMemory(t)
	for i := range 500 {
		saveInShard(t, m, 0, i)
	}
	first, cursor, err := m.Scan(t.Context(), "", 100)
	if err != nil || len(first) < 100 || cursor == "" {
		t.Fatalf("the first page has %d sessions, next is %q, %v", len(first), cursor, err)
	}
	for i := range 500 {
		m.shards[0].remove(m.shards[0].find(spread(i), fmt.Sprint(i)))
	}
	for i := range 500 {
		saveInShard(t, m, 0, i)
	}
	rest, next, err := m.Scan(t.Context(), cursor, 1000)
	if err != nil || next != "" {
		t.Fatalf("the second page ends at %q, %v", next, err)
	}
	listed := map[string]bool{}
	for _, info := range append(first, rest...) {
		listed[info.ID] = true
	}
	if len(listed) != 500 || len(first)+len(rest) != 500 {
		t.Errorf("%d sessions are listed, %d of them twice; want 500", len(listed), len(first)+len(rest)-len(listed))
	}
}
