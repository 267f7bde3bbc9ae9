package integration

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// comeback is how long a tab may take to be live again once its server is.
const comeback = 5 * time.Second

// pair is two tabs of one shop that differ in everything.
type pair struct {
	*demo
	tabs   [2]*tab
	orders [2]order
}

// fill starts a demo and opens two tabs in it. The note of the first one is half written, with the caret inside it.
// Most of what they hold is in the store, the last of it may be known to the process and the tab alone.
func (b *browser) fill(t *testing.T) *pair {
	t.Helper()
	p := &pair{demo: b.newDemo(t)}
	p.tabs[0], p.tabs[1] = b.visit(t, p.demo), b.visit(t, p.demo)
	first, second := p.tabs[0], p.tabs[1]
	for _, id := range []string{"add-apple", "add-apple", "add-plum", "theme-toggle"} {
		first.click(id)
	}
	first.write("note", "ring ")
	for _, id := range []string{"add-pear", "add-plum", "add-pear"} {
		second.click(id)
	}
	second.write("note", "no bag")
	first.durable()
	second.durable()
	first.write("note", "twie")
	eval[string](first, element("note")+".setSelectionRange(8, 8), ''")
	second.click("remove-plum")
	p.orders = [2]order{
		{Apples: 2, Plums: 1, Count: 3, Note: "ring twie", Theme: "dark"},
		{Pears: 2, Count: 2, Note: "no bag", Theme: "light"},
	}
	for i, tb := range p.tabs {
		tb.shows(soon(), p.orders[i])
		tb.mark()
	}
	return p
}

// returned checks that both tabs are as they were, on a new process, and go on working.
func (p *pair) returned(deadline time.Time, old int) {
	p.t.Helper()
	for i, tb := range p.tabs {
		tb.back(deadline, old)
		tb.shows(deadline, p.orders[i])
		tb.same()
	}
	first, second := p.tabs[0], p.tabs[1]
	if !eval[bool](first, "document.activeElement === "+element("note")) {
		p.t.Error("the note lost the focus")
	}
	first.do(chromedp.KeyEvent("c")) // at the caret
	p.orders[0].Note = "ring twice"
	first.shows(soon(), p.orders[0])
	second.click("remove-pear")
	p.orders[1].Pears--
	p.orders[1].Count--
	second.shows(soon(), p.orders[1])
}

func tabsComeBackAfterKillButton(t *testing.T, b *browser) {
	p := b.fill(t)
	old := p.tabs[0].pid()
	p.tabs[1].click("kill")
	p.returned(time.Now().Add(comeback), old)
	if running(old) {
		t.Errorf("process %d still runs", old)
	}
}

func tabsComeBackAfterSIGKILL(t *testing.T, b *browser) {
	p := b.fill(t)
	old := p.tabs[0].pid()
	killProcess(t, old)
	p.returned(time.Now().Add(comeback), old)
}

// clicksAcrossAKillCountOnce gives each kind of fruit 20 clicks around a kill of its own: some that the process may
// have taken and not acknowledged, some while it is dead, some once it is back.
func clicksAcrossAKillCountOnce(t *testing.T, b *browser) {
	d := b.newDemo(t)
	tb := b.visit(t, d)
	tb.mark()
	for _, id := range []string{"apple", "pear", "plum"} {
		old := tb.pid()
		tb.press("add-"+id, 4)
		tb.click("add-" + id) // by the mouse
		tb.press("add-"+id, 5)
		killProcess(t, old)
		tb.press("add-"+id, 5)
		tb.wait(soon(), fmt.Sprintf("%s.textContent !== 'connected' || %s.textContent !== '%d'", element("status"), element("pid"), old))
		tb.press("add-"+id, 2)
		tb.back(time.Now().Add(comeback), old)
		tb.press("add-"+id, 3)
		tb.says("qty-"+id, "20")
	}
	old := tb.pid()
	killProcess(t, old) // what is still to be sent again would be counted now
	tb.back(time.Now().Add(comeback), old)
	tb.shows(soon(), order{Apples: 20, Pears: 20, Plums: 20, Count: 60, Theme: "light"})
	tb.same()
}

func killProcess(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatalf("killing process %d: %v", pid, err)
	}
}
