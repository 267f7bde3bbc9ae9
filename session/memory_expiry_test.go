package session

import (
	"fmt"
	"testing"
	"time"
)

// saveMany saves n sessions in a shard until a deadline that may depend on their number.
func saveMany(t *testing.T, s *memoryShard, n int, deadline func(i int) time.Duration) {
	t.Helper()
	for i := range n {
		if err := s.save(spread(i), fmt.Sprint(i), nil, 0, deadline(i)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestShardSweepsInSmallSteps(t *testing.T) {
	s := newShard()
	const n = 1000
	saveMany(t, s, n, func(i int) time.Duration { return time.Duration(1 + i%10) })
	for step := 1; ; step++ {
		more := s.sweep(100, memoryStep)
		if left := s.count(); left != max(0, n-step*memoryStep) {
			t.Fatalf("after %d steps of %d, %d of %d sessions are left", step, memoryStep, left, n)
		}
		if !more {
			return
		}
	}
}

// Sessions whose deadlines moved count as looked at, so that they cannot make a step long.
func TestShardSweepStepCountsMovedSessions(t *testing.T) {
	s := newShard()
	saveMany(t, s, 200, func(int) time.Duration { return 1 })
	saveMany(t, s, 200, func(int) time.Duration { return 1000 })
	steps := 1
	for s.sweep(100, memoryStep) {
		steps++
	}
	if want := 200/memoryStep + 1; steps != want || s.count() != 200 {
		t.Fatalf("%d steps and %d sessions; want %d and 200", steps, s.count(), want)
	}
}

// A deadline that moves later costs nothing: the queue is as it was.
func TestShardLeavesTheQueueAloneWhenADeadlineMovesLater(t *testing.T) {
	s := newShard()
	saveMany(t, s, 100, func(i int) time.Duration { return time.Duration(1000 - i) })
	for i := range 100 {
		_, r := s.find(spread(i), fmt.Sprint(i))
		was := *s.queue.nodes.At(r.place())
		s.touch(spread(i), fmt.Sprint(i), 0, 5000)
		if is := *s.queue.nodes.At(r.place()); is != was || r.deadline() != 5000 {
			t.Fatalf("the node of session %d was %v and is %v", i, was, is)
		}
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
