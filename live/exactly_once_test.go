package live_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/limpet-go/limpet/live"
	"github.com/limpet-go/limpet/live/livetest"
)

// tabClient follows the rules of the client script: it keeps inputs until they are durable and re-sends, after a
// resume, those that the session does not have.
type tabClient struct {
	browser *livetest.Browser
	tab     string
	durable uint64
	pending []livetest.Input
	next    uint64
}

// connect opens a line and settles with the server.
func (c *tabClient) connect(ctx context.Context, n *node) (*livetest.Conn, livetest.Message, error) {
	conn, err := c.browser.Dial(ctx, n.url)
	if err != nil {
		return nil, livetest.Message{}, err
	}
	w, err := conn.Hello(ctx, c.tab)
	if err != nil {
		_ = conn.Cut()
		return nil, w, err
	}
	if w.Fresh && c.durable > 0 {
		return conn, w, fmt.Errorf("a durable session was lost")
	}
	c.tab = w.Tab
	c.hear(w)
	for _, in := range c.pending {
		if in.Seq > w.Applied && err == nil {
			in.Again = true
			err = conn.Send(ctx, in)
		}
	}
	return conn, w, err
}

// hear forgets what is durable.
func (c *tabClient) hear(m livetest.Message) {
	c.durable = max(c.durable, m.Durable)
	for len(c.pending) > 0 && c.pending[0].Seq <= c.durable {
		c.pending = c.pending[1:]
	}
}

// do sends a new input.
func (c *tabClient) do(ctx context.Context, conn *livetest.Conn) error {
	c.next++
	in := livetest.Input{Seq: c.next, Name: "add", V: map[string]string{"n": fmt.Sprint(c.next)}}
	c.pending = append(c.pending, in)
	return conn.Send(ctx, in)
}

// TestPromise11EveryInputIsAppliedOnce cuts lines, restarts nodes and kills them at random moments of a stream of inputs,
// and wants each of them in the state once and in order.
func TestPromise11EveryInputIsAppliedOnce(t *testing.T) {
	const inputs, seeds = 150, 4
	for seed := range uint64(seeds) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			shared := memoryStore(t)
			var store *isolated
			boot := func() *node {
				store = &isolated{SessionStore: shared}
				own := store
				return newNode(t, (&shop{}).mount, func(c *live.Config) { c.Store = own })
			}
			n := boot()
			c := &tabClient{browser: n.browser()}
			var conn *livetest.Conn
			var err error
			var died uint64 // the last input sent to a node that died
			for c.next < inputs {
				if conn == nil {
					if conn, _, err = c.connect(t.Context(), n); err != nil {
						t.Fatal(err)
					}
				}
				for range r.IntN(12) {
					if err := c.do(t.Context(), conn); err != nil {
						t.Fatal(err)
					}
				}
				if r.IntN(2) == 0 { // hear something
					m, err := conn.Next(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					c.hear(m)
				}
				switch r.IntN(10) {
				case 0, 1: // the line breaks
					_ = conn.Cut()
					conn = nil
				case 2: // the node is restarted
					_ = conn.Cut()
					if err := n.host.Shutdown(t.Context()); err != nil {
						t.Fatal(err)
					}
					n, conn = boot(), nil
				case 3: // the node dies: what it did not save until now is gone
					if c.durable < died { // an input that is there when three nodes die is set aside
						continue
					}
					died = c.next
					store.cut.Store(true)
					_ = conn.Cut()
					n, conn = boot(), nil
				}
			}
			want := ""
			for i := range c.next {
				want += fmt.Sprintf("[%d]", i+1)
			}
			if got := finalLog(t, c, n, conn); got != want {
				t.Errorf("applied %s\nwant    %s", got, want)
			}
		})
	}
}

// finalLog waits until everything is applied and returns the page's log.
func finalLog(t *testing.T, c *tabClient, n *node, conn *livetest.Conn) string {
	t.Helper()
	if conn != nil {
		_ = conn.Cut()
	}
	conn, m, err := c.connect(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Cut()
	html := m.HTML
	for m.Applied < c.next {
		if m, err = conn.Next(t.Context()); err != nil {
			t.Fatal(errors.Join(errors.New("not everything was applied"), err))
		}
		if m.HTML != "" {
			html = m.HTML
		}
	}
	_, rest, _ := strings.Cut(html, `<p id="log">`)
	log, _, _ := strings.Cut(rest, "</p>")
	return log
}
