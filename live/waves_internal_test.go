package live

import (
	"testing"
	"time"
)

func TestWavesFitTheTimeThereIs(t *testing.T) {
	for _, c := range []struct {
		tabs   int
		within time.Duration
		want   int
	}{
		{1, 5 * time.Second, 50},
		{2000, 5 * time.Second, 50},
		{20_000, 5 * time.Second, 200},
		{20_001, 5 * time.Second, 201},
		{1_000_000, 5 * time.Second, 10_000},
		{120, 100 * time.Millisecond, 60},
		{120, 99 * time.Millisecond, 120},
		{120, time.Millisecond, 120},
		{120, 0, 120},
		{120, -time.Second, 120},
		{0, time.Second, 50},
	} {
		if got := waveFor(c.tabs, c.within); got != c.want {
			t.Errorf("%d tabs within %v: %d at once, want %d", c.tabs, c.within, got, c.want)
		}
	}
}
