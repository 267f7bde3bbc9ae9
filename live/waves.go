package live

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	waveSize  = 50 // tabs
	waveEvery = 50 * time.Millisecond

	minComeBack = 100 * time.Millisecond
	maxComeBack = 300 * time.Millisecond
)

// move tells the tabs to come back, in waves that take no longer than a time altogether. It returns early with ctx.
func move(ctx context.Context, tabs []*tab, within time.Duration) {
	size := waveFor(len(tabs), within)
	next := time.NewTicker(waveEvery)
	defer next.Stop()
	for len(tabs) > 0 {
		wave := tabs[:min(size, len(tabs))]
		for _, t := range wave {
			t.move()
		}
		if tabs = tabs[len(wave):]; len(tabs) == 0 {
			return
		}
		select {
		case <-next.C:
		case <-ctx.Done():
			return
		}
	}
}

// waveFor returns how many of the tabs move at once.
func waveFor(tabs int, within time.Duration) int {
	if within < waveEvery {
		return tabs
	}
	waves := int(within / waveEvery)
	return max(waveSize, (tabs+waves-1)/waves)
}

// move ends the tab once its client was told when to come back.
func (t *tab) move() {
	after := minComeBack + rand.N(maxComeBack-minComeBack+1)
	t.out.comeBack(after.Milliseconds())
	t.end(endRestart)
}
