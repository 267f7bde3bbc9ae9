package live_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpet-go/limpet/live"
	"github.com/limpet-go/limpet/live/livetest"
	"github.com/limpet-go/limpet/session"
)

// fleet is a host in virtual time, with clients that have a tab each.
type fleet struct {
	t       *testing.T
	page    *shop
	store   session.SessionStore
	host    *live.Host // the newest
	pipes   *pipes     // to it
	clients []*client
}

// client reads what its tab is told.
type client struct {
	browser *livetest.Browser
	conn    *livetest.Conn
	tab     string
	begun   time.Time // its reading
	done    chan struct{}

	mu  sync.Mutex
	was heard
}

// heard is what a client was told, and how it ended.
type heard struct {
	told    time.Duration // to come back
	afterMs int64
	html    string
	closed  time.Duration
	code    int
}

func (c *client) heard() heard {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.was
}

// inFleet runs a test with so many connected tabs on a store, a new one if it is nil. The test ends the host.
func inFleet(t *testing.T, tabs int, page *shop, store func(t *testing.T) session.SessionStore, test func(f *fleet)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f := &fleet{t: t, page: page}
		if store != nil {
			f.store = store(t)
		} else {
			f.store = memoryStore(t)
		}
		f.serve()
		for range tabs {
			f.connect()
		}
		for _, c := range f.clients {
			c.begun = time.Now()
			go c.read()
		}
		test(f)
		for _, c := range f.clients {
			<-c.done
		}
	})
}

// serve starts a host, in place of the one before.
func (f *fleet) serve() {
	f.t.Helper()
	host, err := live.NewHost(live.Config{Key: testKey, Logger: slog.New(slog.DiscardHandler), Store: f.store,
		Manager: session.ManagerConfig{MaxSessionsPerIP: -1, PersistInterval: time.Hour}})
	if err != nil {
		f.t.Fatal(err)
	}
	for _, c := range f.clients {
		c.browser.Client.CloseIdleConnections() // to the one before
	}
	f.host, f.pipes = host, &pipes{make(chan net.Conn), make(chan struct{})}
	server := &http.Server{Handler: host.Page(f.page.mount)}
	served := make(chan struct{})
	go func() { defer close(served); _ = server.Serve(f.pipes) }()
	f.t.Cleanup(func() {
		if err := host.Shutdown(context.Background()); err != nil {
			f.t.Error(err)
		}
		_ = server.Close()
		<-served
	})
}

func (f *fleet) connect() {
	f.t.Helper()
	transport := &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		return f.pipes.dial(ctx, network, addr)
	}}
	f.t.Cleanup(transport.CloseIdleConnections)
	c := &client{browser: livetest.NewBrowser(transport), done: make(chan struct{})}
	if _, err := c.browser.Get(f.t.Context(), pageURL); err != nil {
		f.t.Fatal(err)
	}
	m, err := c.open("")
	if err != nil {
		f.t.Fatal(err)
	}
	c.tab = m.Tab
	f.clients = append(f.clients, c)
}

const pageURL = "http://shop.example/"

// open opens a socket. A server that is not there is an error.
func (c *client) open(tab string) (m livetest.Message, err error) {
	if c.conn, err = c.browser.Dial(context.Background(), pageURL); err != nil {
		return m, err
	}
	return c.conn.Hello(context.Background(), tab)
}

// add sends the input that adds a number, the first of its tab.
func (c *client) add(t *testing.T) {
	t.Helper()
	in := livetest.Input{Seq: 1, Name: "add", V: map[string]string{"n": "1"}}
	if err := c.conn.Send(context.Background(), in); err != nil {
		t.Fatal(err)
	}
}

func (c *client) read() {
	defer close(c.done)
	for {
		m, err := c.conn.Next(context.Background())
		c.note(m, err, time.Since(c.begun))
		if err != nil {
			return
		}
	}
}

func (c *client) note(m livetest.Message, err error, at time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.was.closed, c.was.code = at, livetest.CloseCode(err)
	}
	if m.T == "reconnect" {
		c.was.told, c.was.afterMs = at, m.AfterMs
	}
	if m.HTML != "" {
		c.was.html = m.HTML
	}
}

// shutdown ends the host within a time and returns how long it took.
func (f *fleet) shutdown(within time.Duration) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	began := time.Now()
	err := f.host.Shutdown(ctx)
	return time.Since(began), err
}

// waves returns how many clients were told to come back at each time.
func (f *fleet) waves() map[time.Duration]int {
	waves := map[time.Duration]int{}
	soonest, latest := int64(300), int64(100)
	for _, c := range f.clients {
		<-c.done
		h := c.heard()
		waves[h.told]++
		if h.afterMs < 100 || h.afterMs > 300 {
			f.t.Errorf("told to come back after %d ms", h.afterMs)
		}
		soonest, latest = min(soonest, h.afterMs), max(latest, h.afterMs)
		if h.code != 1012 {
			f.t.Errorf("closed with %d", h.code)
		}
	}
	if len(f.clients) >= 50 && (soonest > 150 || latest < 250) {
		f.t.Errorf("all told to come back after %d to %d ms, not spread over 100 to 300", soonest, latest)
	}
	return waves
}

func TestDrainMovesTabsInWaves(t *testing.T) {
	for _, c := range []struct {
		tabs   int
		within time.Duration
		waves  []int // 50 ms apart
	}{
		{50, time.Minute, []int{50}},
		{120, time.Minute, []int{50, 50, 20}},
		{120, 200 * time.Millisecond, []int{60, 60}},
		{120, 50 * time.Millisecond, []int{120}},
	} {
		inFleet(t, c.tabs, &shop{}, nil, func(f *fleet) {
			took, err := f.shutdown(c.within)
			if want := time.Duration(len(c.waves)-1) * 50 * time.Millisecond; err != nil || took != want {
				t.Errorf("%d tabs within %v: took %v, want %v; error %v", c.tabs, c.within, took, want, err)
			}
			got := f.waves()
			for i, want := range c.waves {
				if at := time.Duration(i) * 50 * time.Millisecond; got[at] != want {
					t.Errorf("%d tabs within %v: waves %v, want %v", c.tabs, c.within, got, c.waves)
				}
			}
		})
	}
}

// TestDrainServesTabsUntilTheirTurn sends inputs when some tabs were moved and others were not.
func TestDrainServesTabsUntilTheirTurn(t *testing.T) {
	inFleet(t, 120, &shop{}, nil, func(f *fleet) {
		go f.shutdown(time.Minute)
		time.Sleep(60 * time.Millisecond) // two waves are gone
		synctest.Wait()
		var waiting []*client
		for _, c := range f.clients {
			if c.heard().afterMs == 0 {
				waiting = append(waiting, c)
				c.add(t)
			}
		}
		if len(waiting) != 20 {
			t.Errorf("%d tabs are waiting, want 20", len(waiting))
		}
		synctest.Wait()
		for _, c := range waiting {
			if h := c.heard(); h.afterMs != 0 || !strings.Contains(h.html, "[1]") {
				t.Errorf("the input of a waiting tab was not applied: %+v", h)
			}
		}
		late := &client{browser: waiting[0].browser}
		if _, err := late.open(""); err == nil || !strings.Contains(err.Error(), "503") {
			t.Errorf("a new socket: %v, want status 503", err)
		}
		f.waves()
		f.serve()
		for _, c := range waiting {
			if m, err := c.open(c.tab); err != nil || m.Fresh || m.Applied != 1 || !strings.Contains(m.HTML, "[1]") {
				t.Errorf("resumed as %+v, %v", m, err)
			}
		}
	})
}

// TestDrainWaitsForHandlersOnlyWhereTheyRun has one handler take half a minute.
func TestDrainWaitsForHandlersOnlyWhereTheyRun(t *testing.T) {
	page := &shop{hook: func(*live.Event) error { time.Sleep(30 * time.Second); return nil }}
	inFleet(t, 10, page, nil, func(f *fleet) {
		f.hook(0)
		took, err := f.shutdown(time.Minute)
		if err != nil || took != 30*time.Second {
			t.Errorf("took %v, error %v", took, err)
		}
		for i, c := range f.clients {
			want := time.Duration(0)
			if i == 0 {
				want = 30 * time.Second
			}
			<-c.done
			if h := c.heard(); h.told != 0 || h.closed != want || h.code != 1012 {
				t.Errorf("tab %d: %+v, want it closed after %v", i, h, want)
			}
		}
	})
}

// TestDrainEndsHandlersAfterThreeQuarters has one handler run until its context ends, and one that does not care.
func TestDrainEndsHandlersAfterThreeQuarters(t *testing.T) {
	release := make(chan struct{})
	page := &shop{hook: func(e *live.Event) error { <-e.Context().Done(); return e.Context().Err() }}
	inFleet(t, 2, page, nil, func(f *fleet) {
		f.hook(0)
		took, err := f.shutdown(time.Minute)
		if err != nil || took != 45*time.Second {
			t.Errorf("took %v, error %v", took, err)
		}
	})
	page.hook = func(*live.Event) error { <-release; return nil }
	inFleet(t, 2, page, nil, func(f *fleet) {
		release = make(chan struct{})
		f.hook(0)
		if took, err := f.shutdown(time.Minute); err == nil || took < 45*time.Second || took > time.Minute {
			t.Errorf("took %v, error %v, want one", took, err)
		}
		close(release)
		synctest.Wait()
		for range 2 {
			if took, err := f.shutdown(time.Minute); err != nil || took != 0 {
				t.Errorf("again: took %v, error %v", took, err)
			}
		}
	})
}

// hook starts the handler of the page's hook.
func (f *fleet) hook(i int) {
	f.t.Helper()
	if err := f.clients[i].conn.Send(f.t.Context(), livetest.Input{Seq: 1, Name: "hook"}); err != nil {
		f.t.Fatal(err)
	}
	synctest.Wait()
}

// sluggish takes its time to save.
type sluggish struct {
	session.SessionStore
	takes time.Duration
	fails bool
}

func (s *sluggish) Save(ctx context.Context, id string, data []byte, until time.Time) error {
	return s.SaveAll(ctx, map[string]session.SessionData{id: {Data: data, ExpiresAt: until}})
}

func (s *sluggish) SaveAll(ctx context.Context, all map[string]session.SessionData) error {
	time.Sleep(s.takes)
	if s.fails {
		return errOutage
	}
	return s.SessionStore.SaveAll(ctx, all)
}

// TestTabsAreLetGoWhenTheirStateIsInTheStore compares what a moved tab finds with what it left.
func TestTabsAreLetGoWhenTheirStateIsInTheStore(t *testing.T) {
	store := &sluggish{takes: 400 * time.Millisecond}
	inFleet(t, 3, &shop{}, store.over, func(f *fleet) {
		for _, c := range f.clients {
			c.add(t)
		}
		synctest.Wait()
		go f.shutdown(time.Minute)
		f.waves()
		f.serve()
		for _, c := range f.clients {
			if h := c.heard(); h.told != 0 || h.closed < 400*time.Millisecond || h.closed > 900*time.Millisecond {
				t.Errorf("%+v, want it closed once it was saved", h)
			}
			if m, err := c.open(c.tab); err != nil || m.Fresh || m.Applied != 1 {
				t.Errorf("resumed as %+v, %v", m, err)
			}
		}
	})
}

func (s *sluggish) over(t *testing.T) session.SessionStore {
	s.SessionStore = memoryStore(t)
	return s
}

// TestTabsAreLetGoWithoutAStore drains during an outage.
func TestTabsAreLetGoWithoutAStore(t *testing.T) {
	store := &sluggish{fails: true}
	inFleet(t, 3, &shop{}, store.over, func(f *fleet) {
		took, err := f.shutdown(time.Minute)
		var unsaved *session.NotSavedError
		if !errors.As(err, &unsaved) || len(unsaved.SessionIDs) != 3 || took > time.Minute+time.Second {
			t.Errorf("took %v, error %v", took, err)
		}
		for _, c := range f.clients {
			<-c.done
			if h := c.heard(); h.closed != time.Second || h.code != 1012 {
				t.Errorf("%+v, want it closed after a second", h)
			}
		}
		store.fails = false
		if _, err := f.shutdown(time.Minute); err != nil {
			t.Errorf("again: %v", err)
		}
	})
}
