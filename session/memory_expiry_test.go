package session

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// TestShardAgainstModel makes random calls on one shard and on a plain map, and compares them.
func TestShardAgainstModel(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	s := &memoryShard{entries: map[string]*memoryEntry{}}
	model := map[string]time.Duration{}
	now := time.Duration(0)
	for range 50_000 {
		id := fmt.Sprint("s", rng.IntN(300))
		deadline := now + time.Duration(rng.IntN(2000)-200)
		switch rng.IntN(10) {
		case 0, 1, 2, 3:
			s.save(id, []byte(id), now, deadline)
			model[id] = deadline
		case 4, 5, 6:
			if e := s.entries[id]; e != nil {
				s.touch(e, now, deadline)
				model[id] = deadline
			}
		case 7:
			s.remove(s.entries[id])
			delete(model, id)
		case 8:
			now += time.Duration(rng.IntN(100))
		case 9:
			for s.sweep(now, 5) {
			}
			sweepModel(model, now)
			if len(s.entries) != len(model) {
				t.Fatalf("after a sweep %d entries are left; want %d", len(s.entries), len(model))
			}
		}
		if model[id] <= now && s.entries[id] == nil {
			delete(model, id)
		}
	}
	checkShard(t, s, model)
}

func sweepModel(model map[string]time.Duration, now time.Duration) {
	for id, deadline := range model {
		if deadline <= now {
			delete(model, id)
		}
	}
}

// checkShard checks that the map holds what the model does, that each entry is where it says it is in the heap, and
// that the heap is in order and never later than a deadline.
func checkShard(t *testing.T, s *memoryShard, model map[string]time.Duration) {
	t.Helper()
	if len(s.entries) != len(model) || len(s.expiry.nodes) != len(model) || len(s.expiry.slots) != len(model) {
		t.Fatalf("%d entries, %d in the heap, %d in slots; want %d",
			len(s.entries), len(s.expiry.nodes), len(s.expiry.slots), len(model))
	}
	for id, deadline := range model {
		e := s.entries[id]
		if e == nil || e.deadline != deadline || string(e.data) != id || s.expiry.slots[e.slot] != e || s.expiry.nodes[e.pos].slot != e.slot {
			t.Fatalf("entry %s is %+v; want deadline %v", id, e, deadline)
		}
	}
	for i, n := range s.expiry.nodes {
		e := s.expiry.slots[n.slot]
		if n.at > e.deadline || n.at != e.queued || n.at < s.expiry.nodes[(i-1)/2].at && i > 0 {
			t.Fatalf("heap node %d is at %v, its entry's deadline is %v", i, n.at, e.deadline)
		}
	}
}

func TestShardSweepsInSmallSteps(t *testing.T) {
	s := &memoryShard{entries: map[string]*memoryEntry{}}
	const n = 1000
	for i := range n {
		s.save(fmt.Sprint(i), nil, 0, time.Duration(1+i%10))
	}
	for step := 1; ; step++ {
		more := s.sweep(100, memoryStep)
		if left := len(s.entries); left != max(0, n-step*memoryStep) {
			t.Fatalf("after %d steps of %d, %d of %d entries are left", step, memoryStep, left, n)
		}
		if !more {
			return
		}
	}
}

// Entries whose deadlines moved count as looked at, so that they cannot make a step long.
func TestShardSweepStepCountsMovedEntries(t *testing.T) {
	s := &memoryShard{entries: map[string]*memoryEntry{}}
	for i := range 200 {
		s.save(fmt.Sprint(i), nil, 0, 1)
		s.save(fmt.Sprint(i), nil, 0, 1000)
	}
	steps := 1
	for s.sweep(100, memoryStep) {
		steps++
	}
	if want := 200/memoryStep + 1; steps != want || len(s.entries) != 200 {
		t.Fatalf("%d steps and %d entries; want %d and 200", steps, len(s.entries), want)
	}
}

func TestShardGivesMemoryBack(t *testing.T) {
	s := &memoryShard{entries: map[string]*memoryEntry{}}
	for i := range 2 * shrinkEntries {
		s.save(fmt.Sprint(i), nil, 0, 1)
	}
	for s.sweep(1, memoryStep) {
	}
	if c := cap(s.expiry.nodes) + cap(s.expiry.slots); c != 0 {
		t.Errorf("the heap of an empty shard has room for %d", c)
	}
	s.save("a", make([]byte, shrinkBytes), 1, 2)
	s.save("a", make([]byte, shrinkBytes/4-1), 1, 2)
	if c := cap(s.entries["a"].data); c >= shrinkBytes {
		t.Errorf("a session of %d bytes keeps a block of %d", shrinkBytes/4-1, c)
	}
}

func TestMemoryStoreCloseWaitsForTheSweeper(t *testing.T) {
	for range 100 {
		m := NewMemoryStore(WithCleanupInterval(time.Microsecond))
		for i := range 100 {
			if err := m.Save(t.Context(), fmt.Sprint(i), nil, time.Now().Add(time.Millisecond)); err != nil {
				t.Fatal(err)
			}
		}
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
		select {
		case <-m.swept:
		default:
			t.Fatal("Close returned before the sweeper had")
		}
	}
}
