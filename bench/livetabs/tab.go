package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/limpet-go/limpet/live/livetest"
)

// tab is one tab of one browser. Its socket is used by one sender and one receiver at a time.
type tab struct {
	browser *livetest.Browser
	conn    *livetest.Conn
	id      string

	mu      sync.Mutex
	sentAt  []time.Time // by sequence number, from 1
	trips   []time.Duration
	durable uint64
	count   int // on the page as it was shown last
	changed chan struct{}
}

func newTab(transport http.RoundTripper) *tab {
	return &tab{browser: livetest.NewBrowser(transport), changed: make(chan struct{}, 1)}
}

// open fetches the page and opens its socket, as a browser does.
func (t *tab) open(ctx context.Context, url string) error {
	if _, err := t.browser.Get(ctx, url); err != nil {
		return err
	}
	m, err := t.attach(ctx, url)
	if err == nil && !m.Fresh {
		err = errors.New("a new tab got an old session")
	}
	return err
}

// resume comes back after the node was gone, and checks that the page is exactly what was sent.
func (t *tab) resume(ctx context.Context, url string) error {
	m, err := t.attach(ctx, url)
	if err != nil {
		return err
	}
	return errors.Join(t.check(t.count), checkResumed(m, uint64(len(t.sentAt))))
}

func checkResumed(m livetest.Message, sent uint64) error {
	switch {
	case m.Fresh:
		return errors.New("the session was not resumed")
	case m.Applied != sent:
		return fmt.Errorf("resumed with %d of %d inputs", m.Applied, sent)
	}
	return nil
}

func (t *tab) attach(ctx context.Context, url string) (m livetest.Message, err error) {
	if t.conn, err = t.browser.Dial(ctx, url); err != nil {
		return m, err
	}
	if m, err = t.conn.Hello(ctx, t.id); err != nil {
		return m, err
	}
	t.id = m.Tab
	t.count, err = countOn(m.HTML)
	return m, err
}

// send sends n inputs, one each period, starting after delay.
func (t *tab) send(ctx context.Context, n int, delay, period time.Duration) error {
	next := time.NewTimer(delay)
	defer next.Stop()
	start := time.Now().Add(delay)
	for i := range n {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-next.C:
		}
		t.mu.Lock()
		t.sentAt = append(t.sentAt, time.Now())
		t.mu.Unlock()
		if err := t.conn.Send(ctx, livetest.Input{Seq: uint64(i + 1), Name: "add"}); err != nil {
			return err
		}
		next.Reset(time.Until(start.Add(time.Duration(i+1) * period)))
	}
	return nil
}

// receive notes what the server says until the socket ends, and returns how it ended.
func (t *tab) receive(ctx context.Context) error {
	for {
		m, err := t.conn.Next(ctx)
		if err != nil {
			return err
		}
		if err := t.note(m, time.Now()); err != nil {
			return err
		}
	}
}

// note takes a message in. An input's round trip ends with the first message that says that it was applied.
func (t *tab) note(m livetest.Message, at time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if m.Applied > uint64(len(t.sentAt)) {
		return fmt.Errorf("%d inputs applied, %d sent", m.Applied, len(t.sentAt))
	}
	for n := len(t.trips); uint64(n) < m.Applied; n++ {
		t.trips = append(t.trips, at.Sub(t.sentAt[n]))
	}
	t.durable = max(t.durable, m.Durable)
	if m.T == "render" {
		var err error
		if t.count, err = countOn(m.HTML); err != nil {
			return err
		}
	}
	select {
	case t.changed <- struct{}{}:
	default:
	}
	return nil
}

// settle returns when everything that was sent is durable.
func (t *tab) settle(ctx context.Context) error {
	for {
		t.mu.Lock()
		durable, sent := t.durable, uint64(len(t.sentAt))
		t.mu.Unlock()
		if durable >= sent {
			return nil
		}
		select {
		case <-t.changed:
		case <-ctx.Done():
			return fmt.Errorf("%d of %d inputs durable: %w", durable, sent, ctx.Err())
		}
	}
}

// check compares the counter with the number of inputs sent.
func (t *tab) check(count int) error {
	if sent := len(t.sentAt); count != sent {
		return fmt.Errorf("the page counts %d of %d inputs", count, sent)
	}
	return nil
}

var countPattern = regexp.MustCompile(`<output id="count">(\d+)</output>`)

func countOn(html string) (int, error) {
	m := countPattern.FindStringSubmatch(html)
	if m == nil {
		return 0, errors.New("no counter on the page")
	}
	return strconv.Atoi(m[1])
}
