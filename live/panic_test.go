package live_test

import (
	"net/http"
	"testing"

	"github.com/limpet-go/limpet/live"
	"github.com/limpet-go/limpet/live/livetest"
	"github.com/limpet-go/limpet/setup"
)

// fragileText panics when it is written.
type fragileText string

func (f fragileText) MarshalText() ([]byte, error) {
	if f == "bad" {
		panic("boom")
	}
	return []byte(f), nil
}

func (f *fragileText) UnmarshalText(b []byte) error { *f = fragileText(b); return nil }

func (fragileText) SchemaID() string { return "fragile" }

func TestAValueThatPanicsWhenWrittenCostsOnlyWhatIsNewer(t *testing.T) {
	n := newNode(t, func(s *setup.Scope) live.View {
		view := (&shop{}).mount(s)
		f := setup.SharedSignal(s, fragileText("good"), setup.Key("fragile"))
		view.On["break"] = func(*live.Event) error { f.Set("bad"); return nil }
		return view
	}, nil)
	b := n.browser()
	first := n.open(b, "")
	first.add(1)
	first.untilDurable(1)
	first.send(livetest.Input{Seq: 2, Name: "break"})
	first.until("applied", applied(2))
	_ = first.Cut()
	again := n.open(b, first.welcome.Tab)
	if again.welcome.Fresh || again.welcome.Applied != 1 {
		t.Errorf("welcome %+v, want the last state that could be written", again.welcome)
	}
}

func TestAPanicOfAuthenticateIsNoRefusal(t *testing.T) {
	n := newNode(t, (&shop{}).mount, func(c *live.Config) {
		c.Authenticate = func(*http.Request) (string, error) { panic("boom") }
	})
	_, err := n.tryOpen(n.browser(), "")
	if code := livetest.CloseCode(err); code != 1011 {
		t.Errorf("close code %d (%v), want 1011: the client tries again", code, err)
	}
	if len(n.log.lines("authenticate: panic")) != 1 {
		t.Error("the panic is not logged")
	}
}
