package lifecycle_test

import (
	"strings"
	"testing"

	"github.com/limpet-go/limpet/internal/lifecycle"
)

var allStates = []lifecycle.State{
	lifecycle.Connected, lifecycle.Held, lifecycle.Borrowed, lifecycle.Detached,
	lifecycle.Absent, lifecycle.Expired, lifecycle.Removed,
}

var allEvents = []lifecycle.Event{
	lifecycle.Register, lifecycle.Resume, lifecycle.Fetch, lifecycle.Connect, lifecycle.Release, lifecycle.Disconnect,
	lifecycle.Evict, lifecycle.WindowEnds, lifecycle.Remove, lifecycle.Drop, lifecycle.Forget,
}

// drawing is the whole machine: a line for each state, a column for each event in the order of allEvents.
const drawing = `
           register  resume   fetch    connect   release  disconnect evict  window-ends remove  drop   forget
connected  -         -        -        -         -        detached   -      -           removed absent -
held       -         held     -        connected detached detached   -      -           removed absent -
borrowed   -         borrowed -        connected absent   detached   -      -           removed absent -
detached   connected held     -        -         -        detached   absent expired     removed absent -
absent     connected -        borrowed -         -        -          -      expired     removed -      -
expired    connected -        borrowed -         -        -          -      -           removed -      absent
removed    -         -        -        -         -        -          -      -           removed -      absent
`

func TestEveryEventLeadsWhereTheDrawingSays(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(drawing), "\n")
	for i, name := range strings.Fields(lines[0]) {
		if got := strings.ReplaceAll(allEvents[i].String(), " ", "-"); got != name {
			t.Fatalf("event %d is %q, want %q", i, got, name)
		}
	}
	for i, line := range lines[1:] {
		cells := strings.Fields(line)
		from := allStates[i]
		if from.String() != cells[0] {
			t.Fatalf("state %d is %q, want %q", i, from, cells[0])
		}
		for j, want := range cells[1:] {
			to, ok := from.Next(allEvents[j])
			if want == "-" {
				want = from.String()
			}
			if to.String() != want || ok != (cells[1+j] != "-") {
				t.Errorf("%v of a session that is %v: %v, %v; want %s", allEvents[j], from, to, ok, cells[1+j])
			}
		}
	}
}

func TestWhatIsNoStateOrEventChangesNothing(t *testing.T) {
	for _, s := range append(allStates, 0, 200) {
		for _, e := range []lifecycle.Event{0, lifecycle.Forget + 1, 255} {
			if to, ok := s.Next(e); ok || to != s {
				t.Errorf("event %d of %v: %v, %v", e, s, to, ok)
			}
		}
	}
	for _, e := range allEvents {
		for _, s := range []lifecycle.State{0, lifecycle.Removed + 1, 255} {
			if to, ok := s.Next(e); ok || to != s {
				t.Errorf("%v of state %d: %v, %v", e, s, to, ok)
			}
		}
	}
	if lifecycle.State(200).String() != "state 200" || lifecycle.Event(200).String() != "event 200" {
		t.Error("unknown ones have no name")
	}
}

// TestRemovedIsFinal: only forgetting leads out, and that into a state from which nothing is resumed that the store has
// not got.
func TestRemovedIsFinal(t *testing.T) {
	for _, s := range allStates {
		if to, ok := s.Next(lifecycle.Remove); !ok || to != lifecycle.Removed {
			t.Errorf("%v was not removed: %v", s, to)
		}
	}
	for _, e := range allEvents {
		to, _ := lifecycle.Removed.Next(e)
		if e != lifecycle.Forget && to != lifecycle.Removed {
			t.Errorf("%v leads from removed to %v", e, to)
		}
	}
}

func TestWhatIsSoInEachState(t *testing.T) {
	for _, s := range allStates {
		attached := s == lifecycle.Connected || s == lifecycle.Held || s == lifecycle.Borrowed
		detached := s == lifecycle.Detached
		if s.Attached() != attached || s.InMemory() != (attached || detached) || s.Evictable() != detached {
			t.Errorf("%v: attached %v, in memory %v, evictable %v", s, s.Attached(), s.InMemory(), s.Evictable())
		}
		if s.Windowed() != (detached || s == lifecycle.Held) {
			t.Errorf("%v: its window runs: %v", s, s.Windowed())
		}
		if to, ok := s.Next(lifecycle.Evict); ok != s.Evictable() || ok && to.InMemory() {
			t.Errorf("%v evicted: %v, %v", s, to, ok)
		}
		if to, ok := s.Next(lifecycle.Drop); ok != s.InMemory() || ok && to != lifecycle.Absent {
			t.Errorf("%v dropped: %v, %v", s, to, ok)
		}
	}
}

// TestPlan goes through all facts and compares with what the promises say, in other words than Plan's.
func TestPlan(t *testing.T) {
	for bits := range 1 << 7 {
		bit := func(i int) bool { return bits>>i&1 == 1 }
		f := lifecycle.Facts{
			Known: bit(0), Refused: bit(1), Written: bit(2), Acked: bit(3), Kept: bit(4), InMemory: bit(5), Snapshot: bit(6),
		}
		onItsWay, there := f.Written && !f.Acked, f.Written && f.Kept
		want := lifecycle.Lost
		if f.Snapshot {
			want = lifecycle.Snapshot
		}
		if f.InMemory {
			want = lifecycle.Save
		}
		if onItsWay || there || f.Refused {
			want = lifecycle.Touch
		}
		if !f.Known {
			want = lifecycle.Nothing
		}
		if got := lifecycle.Plan(f); got != want {
			t.Errorf("%+v: %v, want %v", f, got, want)
		}
	}
	for step, name := range []string{"nothing", "touch", "save", "snapshot", "lost", "unknown"} {
		if got := lifecycle.Step(step).String(); got != name {
			t.Errorf("step %d is %q, want %q", step, got, name)
		}
	}
}
