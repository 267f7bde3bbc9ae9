package soak

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// findings collects what the clients of one engine see.
type findings struct {
	mu       sync.Mutex
	faults   []string
	calls    map[string]*tally
	kills    int
	recovery time.Duration // the longest
}

type tally struct{ succeeded, failed int }

const maxFaults = 20 // those that follow add nothing

func (f *findings) add(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.faults) < maxFaults {
		f.faults = append(f.faults, fmt.Sprintf(format, args...))
	}
}

func (f *findings) any() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.faults) > 0
}

func (f *findings) succeeded(what string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tally(what).succeeded++
}

func (f *findings) failed(what string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tally(what).failed++
}

func (f *findings) tally(what string) *tally {
	if f.calls == nil {
		f.calls = map[string]*tally{}
	}
	if f.calls[what] == nil {
		f.calls[what] = &tally{}
	}
	return f.calls[what]
}

func (f *findings) recovered(after time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.recovery = max(f.recovery, after)
}

// String sums up for the log.
func (f *findings) String() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var total tally
	var kinds []string
	for _, what := range slices.Sorted(maps.Keys(f.calls)) {
		t := f.calls[what]
		total.succeeded += t.succeeded
		total.failed += t.failed
		kinds = append(kinds, fmt.Sprintf("%s %d/%d", what, t.succeeded, t.failed))
	}
	return fmt.Sprintf("%d kills, %d calls acknowledged, %d failed, usable again at most %v after a restart (%s)",
		f.kills, total.succeeded, total.failed, f.recovery.Round(time.Millisecond), strings.Join(kinds, ", "))
}
