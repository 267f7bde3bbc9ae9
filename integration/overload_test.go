package integration

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/limpet-go/limpet/live"
	"github.com/limpet-go/limpet/live/livetest"
	"github.com/limpet-go/limpet/session"
)

// stuckStore does not answer loads until it is released.
type stuckStore struct {
	session.SessionStore
	released chan struct{}
}

func (s stuckStore) Load(ctx context.Context, id string) ([]byte, error) {
	select {
	case <-s.released:
		return s.SessionStore.Load(ctx, id)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// doorman passes requests to the node in charge and notes when sockets were asked for.
type doorman struct {
	mu      sync.Mutex
	node    http.Handler
	sockets []time.Time
}

func (d *doorman) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	node := d.node
	if r.URL.RawQuery == "limpet=ws" {
		d.sockets = append(d.sockets, time.Now())
	}
	d.mu.Unlock()
	node.ServeHTTP(w, r)
}

func (d *doorman) pass(node http.Handler) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.node, d.sockets = node, nil
}

func (d *doorman) asked() []time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]time.Time(nil), d.sockets...)
}

// oneAtATime returns a node for which a second resume that waits is one too many.
func oneAtATime(t *testing.T, store session.SessionStore) (*live.Host, http.Handler) {
	t.Helper()
	host, err := live.NewHost(live.Config{
		Key:     []byte("0123456789abcdef0123456789abcdef"),
		Store:   store,
		Manager: session.ManagerConfig{MaxLoads: 1, MaxWaitingLoads: 1, PersistInterval: 10 * time.Millisecond},
		Logger:  slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := host.Shutdown(context.Background()); err != nil {
			t.Errorf("shutdown: %v", err)
		}
	})
	return host, host.Page(fragile)
}

// overloadedTabDoesNotHurry has a tab come back to a node that takes no more, and gives it reasons to hurry all the time.
func overloadedTabDoesNotHurry(t *testing.T, b *browser) {
	memory := session.NewMemoryStore()
	t.Cleanup(func() { _ = memory.Close() })
	first, page := oneAtATime(t, memory)
	door := &doorman{node: page}
	srv := httptest.NewServer(door)
	t.Cleanup(srv.Close)
	tb := b.open(t, srv.URL)
	tb.wait(soon(), element("status")+".textContent === 'connected'")
	tb.click("more")
	tb.wait(soon(), element("count")+".textContent === '1'")

	stuck := stuckStore{memory, make(chan struct{})}
	_, page = oneAtATime(t, stuck)
	door.pass(page)
	other := livetest.NewBrowser(nil)
	if _, err := other.Get(t.Context(), srv.URL); err != nil {
		t.Fatal(err)
	}
	conn, err := other.Dial(t.Context(), srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	hung := make(chan struct{})
	go func() { defer close(hung); _, _ = conn.Hello(t.Context(), "AAAAAAAAAAAAAAAAAAAAAA") }()
	defer func() { _ = conn.Cut(); <-hung }()

	eval[int](tb, "setInterval(() => dispatchEvent(new Event('online')), 10)")
	if err := first.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	until(t, soon(), "the tab asks again and again", func() bool { return len(door.asked()) >= 4 })
	close(stuck.released)
	tb.wait(soon(), element("status")+".textContent === 'connected' && "+element("count")+".textContent === '1'")
	asked := door.asked()[1:] // the other browser's was the first
	for i := range asked[1:] {
		if gap := asked[i+1].Sub(asked[i]); gap < 100*time.Millisecond {
			t.Errorf("it asked again after %v", gap)
		}
	}
	t.Logf("asked %d times", len(asked))
}
