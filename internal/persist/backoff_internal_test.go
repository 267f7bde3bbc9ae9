package persist

import (
	"testing"
	"time"
)

// TestBackoffIsSpread draws pauses: those of many sessions, or nodes, must not end together.
func TestBackoffIsSpread(t *testing.T) {
	for failures, want := range map[int]time.Duration{
		1: 50 * time.Millisecond, 2: 100 * time.Millisecond, 5: 800 * time.Millisecond, 8: 5 * time.Second, 200: 5 * time.Second,
	} {
		shortest, longest := want, time.Duration(0)
		for range 1000 {
			d := backoff(50*time.Millisecond, 5*time.Second, failures)
			shortest, longest = min(shortest, d), max(longest, d)
		}
		if shortest < want/2 || longest > want || shortest > want*55/100 || longest < want*95/100 {
			t.Errorf("after %d failures pauses of %v to %v, want them all over %v to %v", failures, shortest, longest, want/2, want)
		}
	}
}
