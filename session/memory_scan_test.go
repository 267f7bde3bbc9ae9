package session

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
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
	m := NewMemoryStore(WithCleanupInterval(-1))
	t.Cleanup(func() { _ = m.Close() }) // always nil
	for i := range 1000 {
		m.shards[7].save(fmt.Sprint(i), nil, 0, time.Since(m.base)+time.Hour)
	}
	at := memoryCursor{shard: 7, slot: -1}
	for step := 1; at.shard == 7; step++ {
		page := m.list(nil, &at, memoryStep)
		if want := min(memoryStep, 1000-(step-1)*memoryStep); len(page) != want {
			t.Fatalf("step %d has %d sessions; want %d", step, len(page), want)
		}
	}
	if want := (memoryCursor{shard: 8, slot: -1}); at != want {
		t.Errorf("after the last step the cursor is %v; want %v", at, want)
	}
}

func TestMemoryCursorIsStrict(t *testing.T) {
	for _, good := range []string{"", "1", "63", "0.17", "0.0", "63.1000000"} {
		c, err := parseMemoryCursor(good)
		if err != nil || good != "" && c.String() != good {
			t.Errorf("cursor %q is %v, %v", good, c, err)
		}
	}
	for _, bad := range []string{"64", "-1", "+1", "01", "1.", ".1", "1.-1", "1.+1", "1.01", "1.1.1", "1 ", "x", "99999999999999999999",
		"1.99999999999999999999", "١", strings.Repeat("9", 1000)} {
		if c, err := parseMemoryCursor(bad); err == nil {
			t.Errorf("cursor %q is %v and no error", bad, c)
		}
	}
}

// A store that was swept and filled anew goes on from an old cursor, wherever that is by now.
func TestMemoryStoreScanGoesOnFromAnOldCursor(t *testing.T) {
	m := NewMemoryStore(WithCleanupInterval(-1))
	t.Cleanup(func() { _ = m.Close() }) // always nil
	fill := func(n int) {
		for i := range n {
			m.shards[0].save(fmt.Sprint(i), nil, 0, time.Since(m.base)+time.Hour)
		}
	}
	fill(500)
	_, cursor, err := m.Scan(t.Context(), "", 100)
	if err != nil || cursor != "0.400" {
		t.Fatalf("the second page begins at %q, %v; want 0.400", cursor, err)
	}
	for i := range 450 {
		m.shards[0].remove(m.shards[0].entries[fmt.Sprint(i)])
	}
	page, next, err := m.Scan(t.Context(), cursor, 100)
	if err != nil || len(page) != 50 || next != "" {
		t.Fatalf("the second page has %d sessions, next is %q, %v; want all 50", len(page), next, err)
	}
	var ids []string
	for _, info := range page {
		ids = append(ids, info.ID)
	}
	if slices.Sort(ids); ids[0] != "450" || ids[49] != "499" {
		t.Errorf("the second page has %v", ids)
	}
}
