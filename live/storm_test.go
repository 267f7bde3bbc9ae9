package live_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpet-go/limpet/live"
	"github.com/limpet-go/limpet/live/livetest"
	"github.com/limpet-go/limpet/session"
)

// slowStore takes some time for each call that loads.
type slowStore struct {
	*session.MemoryStore
	latency time.Duration
	calls   atomic.Int64
	down    atomic.Bool
}

func (s *slowStore) pass() error {
	s.calls.Add(1)
	<-time.After(s.latency)
	if s.down.Load() {
		return errOutage
	}
	return nil
}

func (s *slowStore) Load(ctx context.Context, id string) ([]byte, error) {
	if err := s.pass(); err != nil {
		return nil, err
	}
	return s.MemoryStore.Load(ctx, id)
}

func (s *slowStore) LoadAll(ctx context.Context, ids []string) (map[string][]byte, error) {
	if err := s.pass(); err != nil {
		return nil, err
	}
	return s.MemoryStore.LoadAll(ctx, ids)
}

// crowd is many browsers, each at an address of its own, behind a proxy.
type crowd struct {
	t     *testing.T
	store *slowStore
	log   *logBuffer

	mu    sync.Mutex
	pipes *pipes
}

// inCrowd runs a test in virtual time.
func inCrowd(t *testing.T, latency time.Duration, test func(c *crowd)) {
	synctest.Test(t, func(t *testing.T) {
		memory := session.NewMemoryStore()
		defer memory.Close()
		test(&crowd{t: t, store: &slowStore{MemoryStore: memory, latency: latency}, log: &logBuffer{}})
	})
}

// serve runs a node for as long as a function takes.
func (c *crowd) serve(limits session.ManagerConfig, during func(host *live.Host)) {
	cfg := live.Config{
		Key: testKey, Store: c.store, Manager: limits, Logger: slog.New(slog.NewTextHandler(c.log, nil)),
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
	}
	host, err := live.NewHost(cfg)
	if err != nil {
		c.t.Fatal(err)
	}
	p := &pipes{make(chan net.Conn), make(chan struct{})}
	c.mu.Lock()
	c.pipes = p
	c.mu.Unlock()
	server, served := &http.Server{Handler: host.Page((&shop{}).mount)}, make(chan struct{})
	go func() { defer close(served); _ = server.Serve(p) }()
	during(host)
	if err := host.Shutdown(context.Background()); err != nil {
		c.t.Error(err)
	}
	_ = server.Close()
	<-served
}

type proxied struct{ net.Conn }

func (proxied) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

func (c *crowd) dial(context.Context, string, string) (net.Conn, error) {
	c.mu.Lock()
	p := c.pipes
	c.mu.Unlock()
	client, server := net.Pipe()
	p.conns <- proxied{server}
	return client, nil
}

// visitor is one browser with one tab, which comes back when it is told to.
type visitor struct {
	*livetest.Browser
	tab   string
	told  []time.Duration
	codes []int
	waits time.Duration
}

func (c *crowd) visitor(address string) *visitor {
	v := &visitor{Browser: livetest.NewBrowser(&http.Transport{DialContext: c.dial})}
	v.Header.Set("X-Forwarded-For", address)
	if _, err := v.Get(context.Background(), "http://shop.example/"); err != nil {
		c.t.Error(err)
	}
	return v
}

func (v *visitor) hello(ctx context.Context) (*livetest.Conn, livetest.Message, error) {
	conn, err := v.Dial(ctx, "http://shop.example/")
	if err != nil {
		return nil, livetest.Message{}, err
	}
	m, err := conn.Hello(ctx, v.tab)
	return conn, m, err
}

// shopFor makes a session and leaves.
func (v *visitor) shopFor(n string) error {
	defer v.Client.CloseIdleConnections()
	conn, m, err := v.hello(context.Background())
	if err != nil {
		return err
	}
	defer conn.Close()
	v.tab = m.Tab
	if err := conn.Send(context.Background(), livetest.Input{Seq: 1, Name: "add", V: map[string]string{"n": n}}); err != nil {
		return err
	}
	_, err = conn.Until(context.Background(), func(m livetest.Message) bool { return m.Durable == 1 })
	return err
}

// comeBack resumes the session, as often as it is told to come back later, at most twenty times.
func (v *visitor) comeBack(n string) error {
	defer v.Client.CloseIdleConnections()
	began := time.Now()
	for range 20 {
		conn, m, err := v.hello(context.Background())
		if conn == nil {
			return err
		}
		if m.T != "reconnect" {
			defer conn.Close()
			v.waits = time.Since(began)
			if err != nil || m.Fresh || !strings.Contains(m.HTML, "["+n+"]") {
				return fmt.Errorf("welcome %+v, %w", m, err)
			}
			return nil
		}
		v.codes = append(v.codes, livetest.CloseCode(err))
		after := time.Duration(m.AfterMs) * time.Millisecond
		v.told = append(v.told, after)
		<-time.After(after)
	}
	return fmt.Errorf("told %v", v.told)
}

// all runs a function for each at the same time.
func (c *crowd) all(visitors []*visitor, do func(v *visitor, n string) error) {
	c.t.Helper()
	var all sync.WaitGroup
	for i, v := range visitors {
		all.Go(func() {
			if err := do(v, fmt.Sprint(i)); err != nil {
				c.t.Errorf("visitor %d: %v", i, err)
			}
		})
	}
	all.Wait()
}

func (c *crowd) visitors(n int) []*visitor {
	visitors := make([]*visitor, n)
	for i := range visitors {
		visitors[i] = c.visitor(fmt.Sprintf("198.51.%d.%d", i>>8, i&255))
	}
	return visitors
}

func TestInAStormEveryTabResumesWhenItIsToldTo(t *testing.T) {
	const tabs = 300
	inCrowd(t, 50*time.Millisecond, func(c *crowd) {
		var visitors []*visitor
		c.serve(session.ManagerConfig{}, func(*live.Host) {
			visitors = c.visitors(tabs)
			c.all(visitors, (*visitor).shopFor)
		})
		c.store.calls.Store(0)
		c.serve(session.ManagerConfig{MaxLoads: 1, MaxWaitingLoads: 20}, func(host *live.Host) {
			c.all(visitors, (*visitor).comeBack)
			stats := host.Stats()
			if stats.Loaded != tabs || stats.Overloaded == 0 || stats.Loading != 0 {
				t.Errorf("stats %+v", stats)
			}
			var told []time.Duration
			var last time.Duration
			for _, v := range visitors {
				told = append(told, v.told...)
				last = max(last, v.waits)
				if slices.ContainsFunc(v.codes, func(code int) bool { return code != 1013 }) {
					t.Errorf("closed with %v", v.codes)
				}
			}
			slices.Sort(told)
			t.Logf("%d calls; told %d times to come back in %v to %v; the last was there after %v",
				c.store.calls.Load(), len(told), told[0], told[len(told)-1], last)
			if told[0] < 100*time.Millisecond || uint64(len(told)) != stats.Overloaded || len(slices.Compact(told)) < 50 {
				t.Errorf("told %d times to come back in %v", stats.Overloaded, told)
			}
			if last > 10*time.Second { // 300 loads of 20 in 50 ms take 0.75 s at best
				t.Errorf("the last was there after %v", last)
			}
		})
		if lines := c.log.lines("WARN"); len(lines) > 2 || len(c.log.lines("resumes refused")) == 0 {
			t.Errorf("log %q", lines)
		}
	})
}

func TestAFullHostSaysWhenToComeBack(t *testing.T) {
	inCrowd(t, 0, func(c *crowd) {
		var visitors []*visitor
		c.serve(session.ManagerConfig{}, func(*live.Host) {
			visitors = c.visitors(10)
			c.all(visitors, (*visitor).shopFor)
		})
		c.serve(session.ManagerConfig{MaxSessions: 1}, func(*live.Host) {
			first, m, err := visitors[0].hello(context.Background())
			if err != nil || m.Fresh {
				t.Fatalf("%+v, %v", m, err)
			}
			for _, v := range visitors[1:] {
				_, m, err := v.hello(context.Background())
				if livetest.CloseCode(err) != 1013 || m.AfterMs < 5000 || m.AfterMs > 10_000 {
					t.Errorf("%+v, %v", m, err)
				}
			}
			if lines := c.log.lines("session not resumed"); len(lines) != 9 || !strings.Contains(lines[0], "reason=limit") {
				t.Errorf("log %q", lines)
			}
			_ = first.Close()
			for _, v := range visitors {
				v.Client.CloseIdleConnections()
			}
		})
	})
}

func TestAnOutageNamesNoTimeAndDoesNotFloodTheLog(t *testing.T) {
	inCrowd(t, time.Millisecond, func(c *crowd) {
		var visitors []*visitor
		c.serve(session.ManagerConfig{}, func(*live.Host) {
			visitors = c.visitors(50)
			c.all(visitors, (*visitor).shopFor)
		})
		c.store.down.Store(true)
		c.serve(session.ManagerConfig{}, func(*live.Host) {
			c.all(visitors, func(v *visitor, _ string) error {
				defer v.Client.CloseIdleConnections()
				_, m, err := v.hello(context.Background())
				if livetest.CloseCode(err) != 1013 || m.T != "" {
					return fmt.Errorf("%+v, %w", m, err)
				}
				return nil
			})
			lines := c.log.lines("session not resumed")
			if len(lines) != 20 || !strings.Contains(lines[0], "reason=store") { // of 50
				t.Errorf("%d lines: %q", len(lines), lines)
			}
			c.store.down.Store(false)
			c.all(visitors, (*visitor).comeBack)
		})
	})
}
