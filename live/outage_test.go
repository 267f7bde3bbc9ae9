package live_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/limpet-go/limpet/live"
	"github.com/limpet-go/limpet/live/livetest"
	"github.com/limpet-go/limpet/session"
)

var errOutage = errors.New("store is down")

// isolated is a node's way to a shared store. Once cut, nothing written arrives and the writer is told that it
// did, so that the node ends in peace; while it fails, every call is an error.
type isolated struct {
	session.SessionStore
	cut, fail atomic.Bool
}

func (s *isolated) Load(ctx context.Context, id string) ([]byte, error) {
	if s.fail.Load() {
		return nil, errOutage
	}
	return s.SessionStore.Load(ctx, id)
}

func (s *isolated) write(do func() error) error {
	switch {
	case s.fail.Load():
		return errOutage
	case s.cut.Load():
		return nil
	}
	return do()
}

func (s *isolated) Save(ctx context.Context, id string, data []byte, until time.Time) error {
	return s.write(func() error { return s.SessionStore.Save(ctx, id, data, until) })
}

func (s *isolated) SaveAll(ctx context.Context, all map[string]session.SessionData) error {
	return s.write(func() error { return s.SessionStore.SaveAll(ctx, all) })
}

func (s *isolated) Touch(ctx context.Context, id string, until time.Time) error {
	return s.write(func() error { return s.SessionStore.Touch(ctx, id, until) })
}

func (s *isolated) Delete(ctx context.Context, id string) error {
	return s.write(func() error { return s.SessionStore.Delete(ctx, id) })
}

func TestOutageIsNotNotFound(t *testing.T) {
	shared := memoryStore(t)
	a := newNode(t, (&shop{}).mount, func(c *live.Config) { c.Store = shared })
	b := a.browser()
	tab := a.open(b, "")
	tab.add(1)
	tab.untilDurable(1)
	_ = tab.Cut()
	if err := a.host.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	store := &isolated{SessionStore: shared}
	store.fail.Store(true)
	next := newNode(t, (&shop{}).mount, func(c *live.Config) { c.Store = store })
	if _, err := next.tryOpen(b, tab.welcome.Tab); livetest.CloseCode(err) != 1013 {
		t.Errorf("during the outage: %v, want close code 1013", err)
	}
	store.fail.Store(false)
	again := next.open(b, tab.welcome.Tab)
	if again.welcome.Fresh || !strings.Contains(again.welcome.HTML, "[1]") {
		t.Errorf("after the outage: %+v", again.welcome)
	}
}

func TestTooManySessionsFromAnAddress(t *testing.T) {
	n := newNode(t, (&shop{}).mount, func(c *live.Config) { c.Manager.MaxSessionsPerIP = 1 })
	b := n.browser()
	tab := n.open(b, "")
	if _, err := n.tryOpen(b, ""); livetest.CloseCode(err) != 1013 {
		t.Errorf("%v, want close code 1013", err)
	}
	tab.add(1)
	tab.untilHTML("[1]")
}
