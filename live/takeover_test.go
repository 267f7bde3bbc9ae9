package live_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/limpet-go/limpet/live"
)

func TestTakenOverTab(t *testing.T) {
	var hooked atomic.Int64
	n := newNode(t, (&shop{}).mount, func(c *live.Config) {
		c.Manager.OnTakeover = func(context.Context, string) { hooked.Add(1) }
	})
	b := n.browser()
	older := n.open(b, "")
	older.add(1)
	older.add(2)
	older.untilHTML("[1][2]")
	newer := n.open(b, older.welcome.Tab) // nothing of this needs to be durable yet
	if newer.welcome.Fresh || newer.welcome.Applied != 2 || !strings.Contains(newer.welcome.HTML, "[1][2]") {
		t.Errorf("welcome %+v", newer.welcome)
	}
	if code := older.closed(); code != 4001 {
		t.Errorf("the older connection was closed with %d, want 4001", code)
	}
	newer.add(3)
	newer.untilHTML("[1][2][3]")
	if stats := n.host.Stats(); stats.Total != 1 || stats.Connected != 1 {
		t.Errorf("stats %+v", stats)
	}
	if hooked.Load() != 1 {
		t.Errorf("the application's hook ran %d times", hooked.Load())
	}
}

func TestDuplicatedTabGetsItsOwnSession(t *testing.T) {
	n := newNode(t, (&shop{}).mount, nil)
	b := n.browser()
	first := n.open(b, "")
	first.add(1)
	first.untilHTML("[1]")
	second := n.open(b, "") // what the client of a duplicate says
	if !second.welcome.Fresh || second.welcome.Tab == first.welcome.Tab || strings.Contains(second.welcome.HTML, "[1]") {
		t.Errorf("welcome %+v", second.welcome)
	}
	first.add(2)
	first.untilHTML("[1][2]")
}

func TestTakeoverAgainAndAgain(t *testing.T) {
	n := newNode(t, (&shop{}).mount, nil)
	b := n.browser()
	tab := n.open(b, "")
	for seq := uint64(1); seq <= 20; seq++ {
		tab.add(seq)
		tab.until("applied", applied(seq))
		next := n.open(b, tab.welcome.Tab)
		if next.welcome.Fresh || next.welcome.Applied != seq {
			t.Fatalf("welcome %+v, want applied %d", next.welcome, seq)
		}
		tab = next
	}
}
