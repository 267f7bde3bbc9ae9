package model

import (
	"strings"
	"testing"

	"github.com/limpet-go/limpet/internal/lifecycle"
)

// drawing is the life of a session as the design draws it, one path a line: "from event to".
const drawing = `
connected disconnect detached
connected remove removed
connected drop absent
detached register connected
detached resume held
detached disconnect detached
detached evict absent
detached window-ends expired
detached remove removed
detached drop absent
held resume held
held connect connected
held release detached
held disconnect detached
held remove removed
held drop absent
absent register connected
absent fetch borrowed
absent window-ends expired
absent remove removed
borrowed resume borrowed
borrowed connect connected
borrowed release absent
borrowed disconnect detached
borrowed remove removed
borrowed drop absent
expired register connected
expired fetch borrowed
expired remove removed
expired forget absent
removed remove removed
removed forget absent
`

// longest is the length of the sequences that are all tried: 11 events from 7 states.
const longest = 5

// TestLifecycle walks every sequence of events up to some length beside the drawing.
func TestLifecycle(t *testing.T) {
	paths := map[[2]string]string{}
	for line := range strings.Lines(strings.TrimSpace(drawing)) {
		if w := strings.Fields(line); len(w) == 3 {
			paths[[2]string{w[0], w[1]}] = w[2]
		}
	}
	walked := 0
	for s := lifecycle.Connected; s <= lifecycle.Removed; s++ {
		walked += walk(t, paths, s, s.String(), longest)
	}
	if walked < 100000 {
		t.Errorf("only %d steps were tried", walked)
	}
}

// walk tries every event in a state, and every sequence after it, and returns how many steps that took.
func walk(t *testing.T, paths map[[2]string]string, s lifecycle.State, name string, depth int) (steps int) {
	if depth == 0 {
		return 0
	}
	for e := lifecycle.Register; e <= lifecycle.Forget; e++ {
		to, possible := paths[[2]string{name, strings.ReplaceAll(e.String(), " ", "-")}]
		if !possible {
			to = name
		}
		next, ok := s.Next(e)
		if ok != possible || next.String() != to {
			t.Fatalf("%v of a %s session: %v, %v, want %s, %v", e, name, next, ok, to, possible)
		}
		steps += 1 + walk(t, paths, next, to, depth-1)
	}
	return steps
}

// What the drawing says of a state in memory is what counts are made of.
func TestLifecycleCounts(t *testing.T) {
	for s := lifecycle.Connected; s <= lifecycle.Removed; s++ {
		attached := strings.Contains("connected held borrowed", s.String())
		if s.Attached() != attached || s.InMemory() != (attached || s == lifecycle.Detached) || s.Evictable() != (s == lifecycle.Detached) {
			t.Errorf("%v: attached %v, in memory %v, evictable %v", s, s.Attached(), s.InMemory(), s.Evictable())
		}
	}
}
