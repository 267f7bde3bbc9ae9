package integration

import (
	"testing"

	"github.com/chromedp/chromedp"
)

// duplicatedTabGetsItsOwnSession opens a window from a tab, which copies the tab's sessionStorage as the browser's
// "Duplicate" does.
func duplicatedTabGetsItsOwnSession(t *testing.T, b *browser) {
	d := b.newDemo(t)
	original := b.visit(t, d)
	original.click("add-plum")
	want := order{Plums: 1, Count: 1, Theme: "light"}
	original.shows(soon(), want)

	stored := eval[string](original, "JSON.stringify(sessionStorage)")
	copied := original.openWindow(b)
	if got := eval[string](copied, "window.first"); got != stored {
		t.Fatalf("the browser copied %s, not %s", got, stored)
	}
	copied.connected(soon())
	copied.shows(soon(), order{Theme: "light"})
	copied.press("add-pear", 2)
	copied.says("cart-count", "2")
	original.connected(soon())
	original.shows(soon(), want)
	original.press("add-plum", 1)
	original.says("cart-count", "2")
}

// openWindow opens the same page from the tab.
func (tb *tab) openWindow(b *browser) *tab {
	tb.t.Helper()
	before := tb.targets()
	// The empty window has the copy before any script of ours runs in it.
	eval[bool](tb, `(() => {
		const w = window.open("about:blank");
		const first = JSON.stringify(w.sessionStorage);
		w.location = location.href;
		const wait = () => w.location.href === location.href && w.document.body ? (w.first = first) : setTimeout(wait, 1);
		wait();
		return true;
	})()`)
	var opened string
	until(tb.t, soon(), "a new window", func() bool {
		for id := range tb.targets() {
			if !before[id] {
				opened = id
			}
		}
		return opened != ""
	})
	w := tb.attach(b, opened)
	w.wait(soon(), "window.first")
	return w
}

// targets returns the IDs of the browser's pages.
func (tb *tab) targets() map[string]bool {
	tb.t.Helper()
	infos, err := chromedp.Targets(tb.ctx)
	if err != nil {
		tb.t.Fatal(err)
	}
	ids := map[string]bool{}
	for _, info := range infos {
		if info.Type == "page" {
			ids[string(info.TargetID)] = true
		}
	}
	return ids
}

// attach drives a window that a page opened.
func (tb *tab) attach(b *browser, id string) *tab {
	tb.t.Helper()
	infos, err := chromedp.Targets(tb.ctx)
	if err != nil {
		tb.t.Fatal(err)
	}
	for _, info := range infos {
		if string(info.TargetID) == id {
			return b.open(tb.t, "", chromedp.WithTargetID(info.TargetID))
		}
	}
	tb.t.Fatal("the new window is gone")
	return nil
}

// takenOverTabStaysAway resumes a tab's session from a second socket, which is what a browser without Web Locks
// does in a duplicated tab.
func takenOverTabStaysAway(t *testing.T, b *browser) {
	d := b.newDemo(t)
	tb := b.visit(t, d)
	tb.click("add-apple")
	tb.says("cart-count", "1")
	eval[bool](tb, `(() => {
		const known = Object.values({...sessionStorage}).flatMap((v) => v.match(/[\w-]{22}/g) || []);
		const Real = WebSocket;
		window.sockets = 0;
		window.WebSocket = function (...args) { window.sockets++; return new Real(...args); };
		const rival = new Real(location.href.replace(/^http/, "ws") + "?limpet=ws");
		rival.onopen = () => rival.send(JSON.stringify({t: "hello", v: 1, tab: known[0], path: location.pathname}));
		rival.onmessage = (e) => { window.welcome = window.welcome || JSON.parse(e.data); };
		window.rival = rival;
		return true;
	})()`)
	tb.wait(soon(), "window.welcome && window.welcome.t === 'welcome' && !window.welcome.fresh")
	tb.says("status", "taken over")

	// Neither signs of life nor the end of the rival make it come back.
	eval[bool](tb, `["online", "focus", "pageshow"].every((e) => window.dispatchEvent(new Event(e))) &&
		document.dispatchEvent(new Event("visibilitychange"))`)
	old := tb.pid()
	killProcess(t, old)
	tb.wait(soon(), "window.rival.readyState === WebSocket.CLOSED || window.rival.readyState === 3")
	other := b.visit(t, d) // as long as a comeback takes
	other.says("cart-count", "0")
	if tb.text("status") != "taken over" || eval[int](tb, "window.sockets") != 0 {
		t.Errorf("status %q after %d attempts to connect", tb.text("status"), eval[int](tb, "window.sockets"))
	}
	tb.reload() // on purpose
	tb.connected(soon())
	tb.says("cart-count", "1")
}

func (tb *tab) reload() {
	tb.t.Helper()
	tb.do(chromedp.Reload())
}
