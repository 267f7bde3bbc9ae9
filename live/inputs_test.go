package live_test

import (
	"strings"
	"testing"

	"github.com/limpet-go/limpet/live"
	"github.com/limpet-go/limpet/live/livetest"
)

func TestPanickingInputCountsAsApplied(t *testing.T) {
	n := newNode(t, (&shop{}).mount, nil)
	tab := n.open(n.browser(), "")
	tab.add(1)
	tab.send(livetest.Input{Seq: 2, Name: "panic"})
	tab.send(livetest.Input{Seq: 3, Name: "fail"})
	tab.send(livetest.Input{Seq: 4, Name: "no such event"})
	tab.add(5)
	if m := tab.untilHTML("[1][p][f][5]"); m.Applied != 5 {
		t.Errorf("applied %d, want 5", m.Applied)
	}
	tab.untilDurable(5)
	if got := len(n.log.lines("event panicked")); got != 1 {
		t.Errorf("the panic was reported %d times", got)
	}
	if got := len(n.log.lines("event failed")); got != 1 {
		t.Errorf("the error was reported %d times", got)
	}
}

func TestAppliedInputsAreDropped(t *testing.T) {
	n := newNode(t, (&shop{}).mount, nil)
	tab := n.open(n.browser(), "")
	tab.add(1)
	tab.add(2)
	tab.add(1)
	tab.add(2)
	tab.add(3)
	tab.untilHTML(`<p id="log">[1][2][3]<`)
}

func TestGapIsRefused(t *testing.T) {
	n := newNode(t, (&shop{}).mount, nil)
	b := n.browser()
	tab := n.open(b, "")
	tab.add(1)
	tab.add(3)
	if code := tab.closed(); code != 4002 {
		t.Errorf("close code %d, want 4002", code)
	}
	if again := n.open(b, tab.welcome.Tab); again.welcome.Applied != 1 {
		t.Errorf("applied %d, want 1", again.welcome.Applied)
	}
}

func TestMalformedMessagesAreRefused(t *testing.T) {
	n := newNode(t, (&shop{}).mount, nil)
	b := n.browser()
	for name, test := range map[string]struct {
		text string
		code int
	}{
		"no JSON":       {`hello`, 4002},
		"unknown field": {`{"t":"in","seq":1,"name":"add","v":{},"x":1}`, 4002},
		"second hello":  {`{"t":"hello","v":1,"tab":"","path":"/shop"}`, 4002},
		"no name":       {`{"t":"in","seq":1}`, 4002},
		"too large":     {`{"t":"in","seq":1,"name":"add","v":{"n":"` + strings.Repeat("x", 70_000) + `"}}`, 1009},
	} {
		tab := n.open(b, "")
		if err := tab.SendText(tab.ctx, test.text); err != nil {
			t.Fatal(err)
		}
		if code := tab.closed(); code != test.code {
			t.Errorf("%s: close code %d, want %d", name, code, test.code)
		}
	}
}

func TestUnnumberedInput(t *testing.T) {
	n := newNode(t, (&shop{}).mount, nil)
	tab := n.open(n.browser(), "")
	tab.send(livetest.Input{Name: "move", V: map[string]string{"x": "42"}})
	if m := tab.untilHTML(`<p id="at">42</p>`); m.Applied != 0 {
		t.Errorf("applied %d, want 0", m.Applied)
	}
}

func TestDispatchShowsAndSaves(t *testing.T) {
	n := newNode(t, (&shop{}).mount, nil)
	b := n.browser()
	tab := n.open(b, "")
	tab.send(livetest.Input{Seq: 1, Name: "later"})
	tab.untilHTML("[later]")
	_ = tab.Close()
	if again := n.open(b, tab.welcome.Tab); !strings.Contains(again.welcome.HTML, "[later]") {
		t.Errorf("html %s", again.welcome.HTML)
	}
}

func TestEndedSessionNeverComesBack(t *testing.T) {
	store := memoryStore(t)
	n := newNode(t, (&shop{}).mount, func(c *live.Config) { c.Store = store })
	b := n.browser()
	tab := n.open(b, "")
	tab.add(1)
	tab.untilDurable(1)
	tab.send(livetest.Input{Seq: 2, Name: "logout"})
	if code := tab.closed(); code != 4004 {
		t.Errorf("close code %d, want 4004", code)
	}
	if again := n.open(b, tab.welcome.Tab); !again.welcome.Fresh || strings.Contains(again.welcome.HTML, "[1]") {
		t.Errorf("welcome %+v", again.welcome)
	}
}

func TestLoginIsToldToTheManager(t *testing.T) {
	n := newNode(t, (&shop{}).mount, func(c *live.Config) { c.Manager.MaxSessionsPerUser = 1 })
	first, second := n.open(n.browser(), ""), n.open(n.browser(), "")
	for _, tab := range []*line{first, second} {
		tab.send(livetest.Input{Seq: 1, Name: "login", V: map[string]string{"user": "alice"}})
		tab.untilHTML(`<p id="user">alice</p>`)
	}
	if got := len(n.log.lines("user not changed")); got != 1 {
		t.Errorf("%d log lines, want 1 for the second login", got)
	}
}
