package live_test

import (
	"strings"
	"testing"

	"github.com/limpet-go/limpet/live"
)

func TestStateResumesOnANewHost(t *testing.T) {
	store := memoryStore(t)
	page := &shop{}
	a := newNode(t, page.mount, func(c *live.Config) { c.Store = store })
	b := a.browser()
	tab := a.open(b, "")
	if !tab.welcome.Fresh || tab.welcome.Applied != 0 || tab.welcome.Tab == "" {
		t.Fatalf("welcome %+v", tab.welcome)
	}
	tab.add(1)
	tab.add(2)
	tab.untilHTML("[1][2]")
	tab.untilDurable(2)
	if err := a.host.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}

	next := newNode(t, page.mount, func(c *live.Config) { c.Store = store })
	again := next.open(b, tab.welcome.Tab)
	if again.welcome.Fresh || again.welcome.Applied != 2 {
		t.Fatalf("welcome %+v", again.welcome)
	}
	if !strings.Contains(again.welcome.HTML, "[1][2]<") {
		t.Fatalf("html %s", again.welcome.HTML)
	}
	again.add(3)
	again.untilHTML(`<p id="log">[1][2][3]<`)
}
