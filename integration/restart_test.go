package integration

import (
	"strings"
	"testing"
	"time"
)

func tabsComeBackAfterStop(t *testing.T, b *browser) {
	p := b.fill(t)
	old := p.tabs[0].pid()
	p.stop()
	if strings.Contains(p.log.String(), "level=ERROR") {
		t.Errorf("the demo reports an error:\n%s", p.log)
	}
	p.returnsOnceStarted(old)
}

func tabsComeBackAfterKillingEverything(t *testing.T, b *browser) {
	p := b.fill(t)
	old := p.tabs[0].pid()
	p.kill(old)
	p.returnsOnceStarted(old)
}

// returnsOnceStarted starts the demo again. A click made meanwhile counts.
func (p *pair) returnsOnceStarted(old int) {
	p.t.Helper()
	for _, tb := range p.tabs {
		tb.says("status", "reconnecting")
	}
	p.tabs[1].press("add-apple", 1)
	p.orders[1].Apples++
	p.orders[1].Count++
	p.start()
	p.returned(time.Now().Add(comeback), old)
}

func reloadKeepsTheCart(t *testing.T, b *browser) {
	p := b.fill(t)
	for i, tb := range p.tabs {
		tb.reload()
		tb.connected(soon())
		tb.shows(soon(), p.orders[i])
		if eval[bool](tb, "'mark' in window") {
			t.Error("the page was not loaded anew")
		}
	}
}

func tabMovesToTheOtherNode(t *testing.T, b *browser) {
	d := b.newDemo(t, "--nodes", "2")
	tb := b.visit(t, d)
	tb.click("add-pear")
	want := order{Pears: 1, Count: 1, Theme: "light"}
	tb.shows(soon(), want)
	tb.mark()
	for range 2 { // there, and back
		node, old := tb.text("node"), tb.pid()
		killProcess(t, old)
		tb.back(time.Now().Add(comeback), old)
		tb.shows(soon(), want)
		tb.same()
		if now := tb.text("node"); now == node {
			t.Errorf("the tab is on node %s again", now)
		}
		until(t, soon(), "the other node is back", func() bool {
			return strings.Count(d.log.String(), "node ready") > strings.Count(d.log.String(), "node died")+1
		})
	}
}
