package integration

import (
	"fmt"
	"strconv"
	"testing"
	"time"
)

// order is all that a visitor of the shop sees of their own.
type order struct {
	Apples, Pears, Plums int
	Count                int
	Note                 string
	Theme                string
}

// orderJS reads it from the page.
const orderJS = `(() => {
	const find = (id) => document.querySelector('[data-testid="' + id + '"]');
	const number = (id) => Number(find(id).textContent);
	return {
		Apples: number("qty-apple"), Pears: number("qty-pear"), Plums: number("qty-plum"), Count: number("cart-count"),
		Note: find("note").value, Theme: document.documentElement.dataset.theme,
	};
})()`

// visit opens the shop and waits until it is live.
func (b *browser) visit(t *testing.T, d *demo) *tab {
	t.Helper()
	tb := b.open(t, d.url)
	tb.connected(soon())
	return tb
}

func (tb *tab) connected(deadline time.Time) {
	tb.t.Helper()
	tb.wait(deadline, element("status")+".textContent === 'connected'")
}

// shows waits until the page shows an order.
func (tb *tab) shows(deadline time.Time, want order) {
	tb.t.Helper()
	var got order
	var err error
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for got != want || err != nil {
		if time.Now().After(deadline) {
			tb.t.Fatalf("the page shows %+v, want %+v (error %v)", got, want, err)
		}
		got, err = try[order](tb, orderJS)
		<-tick.C
	}
}

func (tb *tab) pid() int {
	tb.t.Helper()
	pid, err := strconv.Atoi(tb.text("pid"))
	if err != nil {
		tb.t.Fatal(err)
	}
	return pid
}

// back waits until the tab is live again, on another process than before.
func (tb *tab) back(deadline time.Time, old int) {
	tb.t.Helper()
	tb.wait(deadline, fmt.Sprintf("%s.textContent === 'connected' && %s.textContent !== '%d'",
		element("status"), element("pid"), old))
}

// durable waits until the client knows that every input is in the store. It keeps the others where a reload finds
// them, and brings that up to date when the page is left.
func (tb *tab) durable() {
	tb.t.Helper()
	defer func() {
		if tb.t.Failed() {
			tb.t.Log(try[string](tb, `sessionStorage["limpet:/"] + " saved " + document.querySelector("[data-live-saved]").textContent`))
		}
	}()
	tb.wait(soon(), `window.dispatchEvent(new Event("pagehide")) && JSON.parse(sessionStorage["limpet:/"]).pending.length === 0`)
}
