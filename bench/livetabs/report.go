package main

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"time"
)

// report is what a run showed.
type report struct {
	options    options
	opened     time.Duration // all tabs
	trips      []time.Duration
	durable    time.Duration // the last input
	idle, busy nodeReply
	resumed    time.Duration // all tabs, on the second node

	sent  int // inputs
	shown int // the pages' counters at the end
	kept  int // and after the node was killed and started again
}

// percentile returns the round trip that p of a hundred did not exceed; zero if there was none.
func (r *report) percentile(p float64) time.Duration {
	if len(r.trips) == 0 {
		return 0
	}
	slices.Sort(r.trips)
	return r.trips[min(len(r.trips)-1, int(p/100*float64(len(r.trips))))]
}

func (r *report) print(w io.Writer) {
	perTab := func(busy, idle int64) string {
		return fmt.Sprintf("%.1f KiB", float64(busy-idle)/float64(r.options.tabs)/1024)
	}
	round := func(d time.Duration) time.Duration { return d.Round(10 * time.Microsecond) }
	rows := []struct {
		what  string
		value any
	}{
		{"tabs", r.options.tabs},
		{"inputs a second", r.options.rate * float64(r.options.tabs)},
		{"cores", runtime.NumCPU()},
		{"tabs opened in", round(r.opened)},
		{"inputs sent", r.sent},
		{"counted by the pages", r.shown},
		{"counted after the node was killed", r.kept},
		{"round trip p50", round(r.percentile(50))},
		{"round trip p99", round(r.percentile(99))},
		{"round trip longest", round(r.percentile(100))},
		{"last input durable after", round(r.durable)},
		{"live heap per tab", perTab(r.busy.LiveHeap, r.idle.LiveHeap)},
		{"stacks per tab", perTab(r.busy.Stacks, r.idle.Stacks)},
		{"resident memory per tab", perTab(r.busy.RSS, r.idle.RSS)},
		{"tabs resumed on a new node in", round(r.resumed)},
	}
	for _, row := range rows {
		fmt.Fprintf(w, "%-36s %v\n", row.what, row.value)
	}
}
