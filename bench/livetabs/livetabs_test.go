package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/limpet-go/limpet/internal/leak"
	"github.com/limpet-go/limpet/live/livetest"
)

func TestMain(m *testing.M) {
	if isNode(os.Args) {
		os.Exit(nodeMain(os.Stdin, os.Stdout))
	}
	os.Exit(leak.Main(m))
}

func TestFiftyTabsLoseNothing(t *testing.T) {
	o := options{tabs: 50, duration: 3 * time.Second, rate: 2}
	r, err := run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	want := o.tabs * 6
	if r.sent != want || r.shown != want || r.kept != want || len(r.trips) != want {
		t.Errorf("sent %d, shown %d, kept %d, %d round trips; want %d of each", r.sent, r.shown, r.kept, len(r.trips), want)
	}
	var out bytes.Buffer
	r.print(&out)
	if !strings.Contains(out.String(), "round trip p99") {
		t.Errorf("report:\n%s", &out)
	}
}

func TestNothingToSendIsAnError(t *testing.T) {
	for _, o := range []options{{}, {tabs: 1, rate: 1}, {tabs: 1, duration: time.Second}, {tabs: -1, duration: time.Second, rate: 1}} {
		if _, err := run(t.Context(), o); err == nil {
			t.Errorf("run(%+v) succeeded", o)
		}
	}
}

func TestBadStoreIsAnError(t *testing.T) {
	if _, err := run(t.Context(), options{tabs: 1, duration: time.Second, rate: 1, store: "nowhere:"}); err == nil {
		t.Error("run on an unknown store succeeded")
	}
}

func TestLossAndDoublingAreErrors(t *testing.T) {
	sent := func(n int) *tab {
		x := newTab(nil)
		x.sentAt = make([]time.Time, n)
		return x
	}
	for _, count := range []int{2, 4} {
		if err := sent(3).check(count); err == nil {
			t.Errorf("a page that counts %d of 3 passed", count)
		}
	}
	if err := sent(3).check(3); err != nil {
		t.Errorf("a page that counts 3 of 3: %v", err)
	}
	for _, m := range []livetest.Message{{Fresh: true, Applied: 3}, {Applied: 2}, {Applied: 4}} {
		if err := checkResumed(m, 3); err == nil {
			t.Errorf("welcome %+v passed for 3 inputs", m)
		}
	}
	if err := sent(1).note(livetest.Message{T: "ack", Applied: 2}, time.Now()); err == nil {
		t.Error("an input that was never sent counted as applied")
	}
}

func TestPercentiles(t *testing.T) {
	r := &report{}
	if got := r.percentile(50); got != 0 {
		t.Errorf("median of nothing = %v", got)
	}
	for i := range 100 {
		r.trips = append(r.trips, time.Duration(100-i))
	}
	for p, want := range map[float64]time.Duration{0: 1, 50: 51, 99: 100, 100: 100} {
		if got := r.percentile(p); got != want {
			t.Errorf("percentile %v = %d, want %d", p, got, want)
		}
	}
}
