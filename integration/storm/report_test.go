package storm_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/limpet-go/limpet/integration/storm"
)

// row is one figure of a report.
type row struct {
	name string
	of   func(r *storm.Resume) any
}

// figure is what a storm has in the row: a dash for the flood of one that had none.
func (f row) figure(r *storm.Resume) any {
	if strings.HasPrefix(f.name, "flood") && r.Flood == (storm.Flood{}) {
		return "–"
	}
	return f.of(r)
}

var rows = []row{
	{"wait p50", func(r *storm.Resume) any { return brief(r.P50) }},
	{"wait p99", func(r *storm.Resume) any { return brief(r.P99) }},
	{"longest wait", func(r *storm.Resume) any { return brief(r.Longest) }},
	{"all back after", func(r *storm.Resume) any { return brief(r.All) }},
	{"told to come back later", func(r *storm.Resume) any { return r.Overloaded }},
	{"loads: calls", func(r *storm.Resume) any { return r.Store.Calls }},
	{"loads: calls that found somebody", func(r *storm.Resume) any { return r.Store.Useful }},
	{"loads: most calls at once", func(r *storm.Resume) any { return r.Store.AtOnce }},
	{"loads: sessions a call", func(r *storm.Resume) any { return mean(r.Store.Sessions, r.Store.Calls) }},
	{"loads: most sessions in a call", func(r *storm.Resume) any { return r.Store.Most }},
	{"loads: of strangers", func(r *storm.Resume) any { return r.Store.Missing }},
	{"writes: calls", func(r *storm.Resume) any { return r.Store.Writes }},
	{"writes: most calls at once", func(r *storm.Resume) any { return r.Store.WritesAtOnce }},
	{"peak heap", func(r *storm.Resume) any { return mib(r.Heap) }},
	{"peak resident memory", func(r *storm.Resume) any { return mib(r.Resident) }},
	{"most goroutines", func(r *storm.Resume) any { return r.Goroutines }},
	{"flood: not found", func(r *storm.Resume) any { return r.Flood.Unknown }},
	{"flood: turned away", func(r *storm.Resume) any { return r.Flood.Overloaded }},
	{"flood: forged, never looked for", func(r *storm.Resume) any { return r.Flood.Forged }},
	{"flood took", func(r *storm.Resume) any { return brief(r.Flood.Took) }},
}

// report writes the figures of an engine's storms side by side to the test's log, and to the file of the flag.
func report(t *testing.T, name string, storms []*storm.Resume) {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "| %s, %d sessions | in one instant | within %v | and a flood of %d |\n| --- | --- | --- | --- |\n",
		name, *sessions, arrival, *strangers)
	for _, row := range rows {
		fmt.Fprintf(&b, "| %s |", row.name)
		for _, r := range storms {
			fmt.Fprintf(&b, " %v |", row.figure(r))
		}
		b.WriteString("\n")
	}
	quiet, flooded := storms[1], storms[2]
	fmt.Fprintf(&b, "| p99 beside the quiet one's | | | %.2f |\n\n", float64(flooded.P99)/float64(max(1, quiet.P99)))
	t.Log("\n" + b.String())
	if *reportFile == "" {
		return
	}
	f, err := os.OpenFile(*reportFile, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(b.String()); err != nil {
		t.Error(err)
	}
}

func brief(d time.Duration) time.Duration { return d.Round(time.Millisecond / 10) }

func mib(bytes uint64) string { return fmt.Sprintf("%d MiB", bytes>>20) }

func mean(sum, n int) string { return fmt.Sprintf("%.0f", float64(sum)/float64(max(1, n))) }
