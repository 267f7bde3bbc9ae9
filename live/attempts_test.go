package live_test

import (
	"strings"
	"testing"

	"github.com/limpet-go/limpet/live"
	"github.com/limpet-go/limpet/live/livetest"
	"github.com/limpet-go/limpet/session"
)

// deadlyNode is a node whose handler "hook" never returns by itself, as if it had taken the process with it: the
// node is left as it is, and the next one shares nothing with it but the store.
type deadlyNode struct {
	*node
	store   *isolated
	reached chan struct{}
}

func newDeadlyNode(t *testing.T, store session.SessionStore) *deadlyNode {
	d := &deadlyNode{store: &isolated{SessionStore: store}, reached: make(chan struct{}, 10)}
	release := make(chan struct{})
	page := &shop{hook: func(*live.Event) error {
		d.reached <- struct{}{}
		<-release
		return nil
	}}
	d.node = newNode(t, page.mount, func(c *live.Config) { c.Store = d.store })
	t.Cleanup(func() { close(release) }) // before the node's own cleanup
	return d
}

// die cuts the node off from the store, as the end of its process would.
func (d *deadlyNode) die() { d.store.cut.Store(true) }

func TestProcessKillingInputIsSetAside(t *testing.T) {
	store := memoryStore(t)
	first := newDeadlyNode(t, store)
	tab := first.open(first.browser(), "")
	tab.add(1)
	tab.untilDurable(1)
	tab.send(livetest.Input{Seq: 2, Name: "hook"}) // the first attempt
	<-first.reached
	first.die()

	for attempt := 2; attempt <= 3; attempt++ {
		next := newDeadlyNode(t, store)
		again := next.open(tab.browser, tab.welcome.Tab)
		if again.welcome.Fresh || again.welcome.Applied != 1 {
			t.Fatalf("attempt %d: welcome %+v", attempt, again.welcome)
		}
		again.send(livetest.Input{Seq: 2, Name: "hook", Again: true})
		<-next.reached
		next.die()
	}

	last := newDeadlyNode(t, store)
	again := last.open(tab.browser, tab.welcome.Tab)
	again.send(livetest.Input{Seq: 2, Name: "hook", Again: true})
	again.add(3)
	m := again.untilHTML("[1][3]")
	if m.Applied != 3 || strings.Contains(m.HTML, "[h]") {
		t.Errorf("message %+v", m)
	}
	if got := len(last.log.lines("set aside")); got != 1 {
		t.Errorf("%d log lines, want 1", got)
	}
}

func TestKillingInputOfANewSession(t *testing.T) {
	store := memoryStore(t)
	tabPart := ""
	first := newDeadlyNode(t, store)
	b := first.browser()
	for attempt := 1; attempt <= 3; attempt++ {
		n := first
		if attempt > 1 {
			n = newDeadlyNode(t, store)
		}
		tab := n.open(b, tabPart)
		tabPart = tab.welcome.Tab // a session that was never durable comes back as a fresh one
		tab.send(livetest.Input{Seq: 1, Name: "hook", Again: attempt > 1})
		<-n.reached
		n.die()
	}
	last := newDeadlyNode(t, store)
	again := last.open(b, tabPart)
	again.send(livetest.Input{Seq: 1, Name: "hook", Again: true})
	again.add(2)
	again.untilHTML("[2]")
}

func TestResentInputsAreAppliedWithoutAStore(t *testing.T) {
	store := &isolated{SessionStore: memoryStore(t)}
	n := newNode(t, (&shop{}).mount, func(c *live.Config) { c.Store = store })
	tab := n.open(n.browser(), "")
	store.fail.Store(true)
	for seq := uint64(1); seq <= 3; seq++ { // only the first of them waits for the store
		tab.send(livetest.Input{Seq: seq, Name: "add", V: map[string]string{"n": "x"}, Again: true})
	}
	tab.untilHTML("[x][x][x]")
	if got := len(n.log.lines("attempt not noted")); got != 1 {
		t.Errorf("%d log lines, want 1", got)
	}
	store.fail.Store(false)
}

// A number that an input of a page that is gone had may be given to another input, which has its own attempts.
func TestNotesOfAnotherInputDoNotCount(t *testing.T) {
	store := memoryStore(t)
	first := newDeadlyNode(t, store)
	tab := first.open(first.browser(), "")
	tab.add(1)
	tab.untilDurable(1)
	tab.send(livetest.Input{Seq: 2, Name: "hook"})
	<-first.reached
	first.die()
	for range 2 {
		next := newDeadlyNode(t, store)
		again := next.open(tab.browser, tab.welcome.Tab)
		again.send(livetest.Input{Seq: 2, Name: "hook", Again: true})
		<-next.reached
		next.die()
	}
	last := newDeadlyNode(t, store)
	other := last.open(tab.browser, tab.welcome.Tab)
	other.send(livetest.Input{Seq: 2, Name: "add", V: map[string]string{"n": "2"}, Again: true})
	other.untilHTML("[1][2]")
}
