package live_test

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/limpet-go/limpet/live"
	"github.com/limpet-go/limpet/live/livetest"
	"github.com/limpet-go/limpet/setup"
)

// A client that waited too long for its socket opens another one. When the first is served at last, nobody is there.
func TestAnAbandonedSocketTakesNobodyOver(t *testing.T) {
	var slow atomic.Bool
	waiting, release, served := make(chan struct{}), make(chan struct{}), make(chan string, 8)
	var page http.Handler
	n := newNode(t, (&shop{}).mount, func(c *live.Config) {
		c.Authenticate = func(*http.Request) (string, error) {
			if slow.CompareAndSwap(true, false) {
				close(waiting)
				<-release
			}
			return "", nil
		}
	})
	page = n.host.Page((&shop{}).mount)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page.ServeHTTP(w, r)
		served <- r.URL.RawQuery
	}))
	defer srv.Close()
	b := n.browser()
	first := n.open(b, "")
	first.add(1)
	first.untilDurable(1)
	_ = first.Cut()

	slow.Store(true)
	abandoned, err := b.Dial(t.Context(), srv.URL+"/shop")
	if err != nil {
		t.Fatal(err)
	}
	<-waiting
	_ = abandoned.SendJSON(t.Context(), map[string]any{"t": "hello", "v": 1, "tab": first.welcome.Tab, "path": "/shop"})
	_ = abandoned.Cut()
	second := n.open(b, first.welcome.Tab)
	close(release)
	<-served
	second.add(2)
	second.until("applied", applied(2))
}

// A connection that loses its session while the page is mounted must leave the winner known to the host.
func TestALateLoserDoesNotHideTheWinner(t *testing.T) {
	var slow atomic.Bool
	mounting, release := make(chan struct{}), make(chan struct{})
	n := newNode(t, func(s *setup.Scope) live.View {
		if slow.CompareAndSwap(true, false) {
			close(mounting)
			<-release
		}
		return (&shop{}).mount(s)
	}, nil)
	b := n.browser()
	first := n.open(b, "")
	first.add(1)
	first.untilDurable(1)
	slow.Store(true)
	lost := make(chan error, 1)
	go func() {
		_, err := n.tryOpen(b, first.welcome.Tab)
		lost <- err
	}()
	<-mounting
	winner := n.open(b, first.welcome.Tab)
	close(release)
	if code := livetest.CloseCode(<-lost); code != int(live.CloseTakenOver) {
		t.Errorf("the loser was closed with %d", code)
	}
	n.open(b, first.welcome.Tab)
	if code := winner.closed(); code != int(live.CloseTakenOver) {
		t.Errorf("the winner was closed with %d when it was taken over", code)
	}
}
