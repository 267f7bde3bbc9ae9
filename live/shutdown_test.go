package live_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/limpet-go/limpet/live"
	"github.com/limpet-go/limpet/live/livetest"
	"github.com/limpet-go/limpet/session"
)

func TestShutdownFinishesWhatIsBeingHandled(t *testing.T) {
	store := memoryStore(t)
	reached, release := make(chan struct{}), make(chan struct{})
	page := &shop{hook: func(e *live.Event) error {
		close(reached)
		<-release
		return e.Session().Dispatch(func() { themeKey.Set(e.Session(), "dark") })
	}}
	n := newNode(t, page.mount, func(c *live.Config) { c.Store = store })
	b := n.browser()
	tab := n.open(b, "")
	tab.send(livetest.Input{Seq: 1, Name: "hook"})
	<-reached
	done := make(chan error)
	go func() { done <- n.host.Shutdown(context.Background()) }()
	var m livetest.Message
	tab.until("reconnect", func(got livetest.Message) bool { m = got; return got.T == "reconnect" })
	if m.AfterMs < 100 || m.AfterMs > 4100 {
		t.Errorf("reconnect after %d ms", m.AfterMs)
	}
	if _, err := n.tryOpen(b, ""); err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("a new socket during the shutdown: %v, want status 503", err)
	}
	close(release)
	if code := tab.closed(); code != 1012 {
		t.Errorf("close code %d, want 1012", code)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	next := newNode(t, page.mount, func(c *live.Config) { c.Store = store })
	again := next.open(b, tab.welcome.Tab)
	if again.welcome.Applied != 1 || !strings.Contains(again.welcome.HTML, "[h]") {
		t.Errorf("welcome %+v", again.welcome)
	}
	if !strings.Contains(again.welcome.HTML, `<p id="theme">dark</p>`) {
		t.Error("what was dispatched before the end did not run")
	}
}

func TestShutdownEndsStubbornHandlers(t *testing.T) {
	reached := make(chan struct{})
	page := &shop{hook: func(e *live.Event) error {
		close(reached)
		<-e.Context().Done()
		return e.Context().Err()
	}}
	n := newNode(t, page.mount, nil)
	tab := n.open(n.browser(), "")
	tab.send(livetest.Input{Seq: 1, Name: "hook"})
	<-reached
	ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
	defer cancel()
	if err := n.host.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	if got := len(n.log.lines("event failed")); got != 1 {
		t.Errorf("the end of the context was logged %d times", got)
	}
}

func TestShutdownCanBeRepeated(t *testing.T) {
	store := &isolated{SessionStore: memoryStore(t)}
	n := newNode(t, (&shop{}).mount, func(c *live.Config) { c.Store = store })
	b := n.browser()
	tab := n.open(b, "")
	tab.add(1)
	tab.untilHTML("[1]")
	store.fail.Store(true)
	_ = tab.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	err := n.host.Shutdown(ctx)
	if err == nil || !strings.HasPrefix(err.Error(), "live: shut down: ") {
		t.Errorf("shutdown without a store: %v", err)
	}
	checkLogged(t, err)
	store.fail.Store(false)
	for range 2 {
		if err := n.host.Shutdown(t.Context()); err != nil {
			t.Errorf("repeated: %v", err)
		}
	}
	next := newNode(t, (&shop{}).mount, func(c *live.Config) { c.Store = store.SessionStore })
	if again := next.open(b, tab.welcome.Tab); !strings.Contains(again.welcome.HTML, "[1]") {
		t.Errorf("welcome %+v", again.welcome)
	}
}

// checkLogged checks what a log says of a shutdown that left one session unsaved.
func checkLogged(t *testing.T, err error) {
	t.Helper()
	var unsaved *session.NotSavedError
	if !errors.As(err, &unsaved) || len(unsaved.SessionIDs) != 1 {
		t.Fatalf("%v names no session", err)
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Error("drain", "error", err)
	id := unsaved.SessionIDs[0]
	for _, want := range []string{
		`error.text="live: shut down: session: 1 session not saved: `, "error.unsaved.sessions=1 ", "error.unsaved.cause=",
		"error.unsaved.hashes=[" + session.HashID(id) + "]\n",
	} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("no %s in %s", want, &log)
		}
	}
	if strings.Contains(log.String(), id) {
		t.Errorf("an ID was logged: %s", &log)
	}
}

func TestOwnStoreIsClosed(t *testing.T) {
	owned, err := live.NewHost(live.Config{Key: testKey})
	if err != nil {
		t.Fatal(err)
	}
	if err := owned.Shutdown(t.Context()); err != nil { // the leak check sees that the store's goroutine ended
		t.Error(err)
	}
	store := session.NewMemoryStore()
	defer store.Close()
	n := newNode(t, (&shop{}).mount, func(c *live.Config) { c.Store = store })
	if err := n.host.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := store.Load(t.Context(), "x"); err != nil {
		t.Errorf("the caller's store was closed: %v", err)
	}
}
