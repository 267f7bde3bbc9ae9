package storm_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/limpet-go/limpet/integration/storm"
	"github.com/limpet-go/limpet/internal/testserver"
	"github.com/limpet-go/limpet/live/livetest"
)

const (
	tabsAtOnce = 256
	liveDrain  = 10 * time.Second
)

// tab is a tab of a browser of its own, at an address of its own.
type tab struct {
	browser *livetest.Browser
	conn    *livetest.Conn
	part    string
	waited  time.Duration // to be back
}

// TestLiveStorm kills a node that serves a live page. All of its tabs come back on another one, while one address tries forged
// cookies and tabs that nobody has. Then that node is drained.
func TestLiveStorm(t *testing.T) {
	first := storm.Command{Do: storm.DoServe, Store: testserver.StartPostgres(t).URL(), Key: bytes.Repeat([]byte{9}, 32), Deadline: liveDrain}
	transport := &http.Transport{MaxIdleConnsPerHost: tabsAtOnce}
	defer transport.CloseIdleConnections()
	node, url := serve(t, first)
	all := make([]*tab, *tabs)
	for i := range all {
		all[i] = newTab(transport, storm.Addr(i))
	}
	atOnce(t, all, func(x *tab) error { return x.open(t.Context(), url) })
	node.kill()

	node, url = serve(t, first)
	began := time.Now()
	f := startLiveFlood(t, transport, url)
	atOnce(t, all, func(x *tab) error { return x.resume(t.Context(), url) })
	took := time.Since(began)
	f.end()
	load := node.ask(storm.Command{Do: storm.DoLoad}).Load
	if load.Missing == 0 || load.Missing > int(f.unknown.Load()) || load.Sessions-load.Missing != len(all) || load.AtOnce > maxLoads {
		t.Errorf("%d tabs, %d forged and %d unknown ones made the store do %+v", len(all), f.forged.Load(), f.unknown.Load(), load)
	}
	f.forgeOnly(t, node, 200)
	slices.SortFunc(all, func(a, b *tab) int { return cmp.Compare(a.waited, b.waited) })
	t.Logf("%d tabs were back after %v, p50 %v, p99 %v, among %d forged and %d unknown ones; loads: %+v", len(all), took,
		all[len(all)/2].waited, all[len(all)*99/100].waited, f.forged.Load(), f.unknown.Load(), *load)
	drainTabs(t, node, all)
}

func serve(t *testing.T, first storm.Command) (*child, string) {
	t.Helper()
	c := launch(t, first.Sessions)
	return c, "http://" + c.ask(first).Addr + "/"
}

// atOnce runs do for all tabs, many of them at once.
func atOnce(t *testing.T, all []*tab, do func(*tab) error) {
	t.Helper()
	errs := make([]error, len(all))
	slots := make(chan struct{}, tabsAtOnce)
	var wg sync.WaitGroup
	for i, x := range all {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			errs[i] = do(x)
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatalf("%.2000s", err.Error())
	}
}

func newTab(transport http.RoundTripper, addr string) *tab {
	b := livetest.NewBrowser(transport)
	b.Header.Set("X-Forwarded-For", addr)
	return &tab{browser: b}
}

// open makes a session and returns once an input of it is durable.
func (x *tab) open(ctx context.Context, url string) error {
	if _, err := x.browser.Get(ctx, url); err != nil {
		return err
	}
	m, err := x.attach(ctx, url)
	if err != nil {
		return err
	}
	x.part = m.Tab
	if err := x.conn.Send(ctx, livetest.Input{Seq: 1, Name: "add"}); err != nil {
		return err
	}
	_, err = x.conn.Until(ctx, func(m livetest.Message) bool { return m.Durable == 1 })
	return err
}

func (x *tab) attach(ctx context.Context, url string) (m livetest.Message, err error) {
	if x.conn, err = x.browser.Dial(ctx, url); err != nil {
		return m, err
	}
	if m, err = x.conn.Hello(ctx, x.part); err != nil {
		_ = x.conn.Cut()
	}
	return m, err
}

// resume comes back, again and again if it must, to the session as it was.
func (x *tab) resume(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	began := time.Now()
	for {
		m, err := x.attach(ctx, url)
		switch {
		case err == nil && (m.Fresh || m.Applied != 1 || !strings.Contains(m.HTML, `id="count">1<`)):
			return fmt.Errorf("resumed as %+v", m)
		case err == nil:
			x.waited = time.Since(began)
			return nil
		case livetest.CloseCode(err) != 1013 && m.T != "reconnect":
			return err
		}
		select {
		case <-time.After(max(100, time.Duration(m.AfterMs)) * time.Millisecond):
		case <-ctx.Done():
			return err
		}
	}
}

// drainTabs ends the node under its tabs. Each is told when to come back before its socket is closed.
func drainTabs(t *testing.T, node *child, all []*tab) {
	t.Helper()
	codes, after := make([]int, len(all)), make([]int64, len(all))
	var readers sync.WaitGroup
	for i, x := range all {
		readers.Go(func() {
			_, err := x.conn.Until(t.Context(), func(m livetest.Message) bool {
				after[i] = max(after[i], m.AfterMs)
				return false
			})
			codes[i] = livetest.CloseCode(err)
		})
	}
	began := time.Now()
	node.terminate()
	readers.Wait()
	told := time.Since(began)
	if code := node.wait(); code != 0 || node.drain == nil || node.drain.Took > liveDrain {
		t.Errorf("code %d, drain %+v\n%s", code, node.drain, &node.stderr)
	}
	bad := 0
	for i := range all {
		if codes[i] != 1012 || after[i] < 100 || after[i] > 300 {
			bad++
		}
	}
	if bad > 0 {
		t.Errorf("%d of %d tabs were not moved in order", bad, len(all))
	}
	t.Logf("%d tabs were moved in %v", len(all), told)
}
