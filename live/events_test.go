package live_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpet-go/limpet/internal/opscheck"
	"github.com/limpet-go/limpet/live"
	"github.com/limpet-go/limpet/live/livetest"
	"github.com/limpet-go/limpet/session"
	"github.com/limpet-go/limpet/setup"
)

const operations = "../docs/operations.md"

func TestEveryLogCallNamesAListedEvent(t *testing.T) { opscheck.Calls(t, ".") }

func TestOperationsListsEveryEvent(t *testing.T) {
	var texts []string
	for _, text := range opscheck.Events(t, ".") {
		texts = append(texts, text)
	}
	opscheck.ReadTable(t, operations, "### Events of package live").Lists(t, texts)
}

// clientAddress is what the proxy in front says about every client.
const clientAddress = "203.0.113.77"

// eventful makes everything happen that hosts log, in virtual time. What may not be logged holds the word SECRET, or is
// among the secrets.
type eventful struct {
	t     *testing.T
	log   *opscheck.Log
	store *isolated

	mu      sync.Mutex
	secrets []string
}

func (e *eventful) keepSecret(texts ...string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.secrets = append(e.secrets, texts...)
}

func TestEventsOfAHostHoldNoSecrets(t *testing.T) {
	log, secrets := &opscheck.Log{}, []string{"SECRET", clientAddress, string(testKey)}
	for name, provoke := range map[string]func(*eventful){
		"refused":  (*eventful).refused,
		"pages":    (*eventful).pages,
		"handlers": (*eventful).handlers,
		"limits":   (*eventful).limits,
		"resumes":  (*eventful).resumes,
		"attempts": (*eventful).attempts,
		"fragile":  (*eventful).fragile,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				memory := session.NewMemoryStore()
				e := &eventful{t: t, log: log, store: &isolated{SessionStore: memory}}
				provoke(e)
				_ = memory.Close()
				secrets = append(secrets, e.secrets...)
			})
		})
	}
	log.Hides(t, secrets...)
	table := opscheck.ReadTable(t, operations, "### Events of package live")
	for text, row := range opscheck.ReadTable(t, operations, "### Events of package session") {
		table[text] = row
	}
	log.Agrees(t, opscheck.Events(t, "."), table, nil)
}

// place is a host behind a proxy in memory.
type place struct {
	*eventful
	host      *live.Host
	transport *http.Transport
	close     func()
}

type fromProxy struct{ net.Conn }

func (fromProxy) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

func (e *eventful) place(configure func(*live.Config), pages map[string]live.Mount) *place {
	cfg := live.Config{Key: testKey, Logger: e.log.Logger(), TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
	cfg.Store = struct {
		session.SessionStore
		Password string
	}{e.store, "password-SECRET"}
	if configure != nil {
		configure(&cfg)
	}
	host, err := live.NewHost(cfg)
	if err != nil {
		e.t.Fatal(err)
	}
	mux := http.NewServeMux()
	for path, mount := range pages {
		mux.Handle(path, host.Page(mount))
	}
	p := &pipes{make(chan net.Conn), make(chan struct{})}
	server, served := &http.Server{Handler: mux}, make(chan struct{})
	go func() { defer close(served); _ = server.Serve(p) }()
	transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		client, conn := net.Pipe()
		p.conns <- fromProxy{conn}
		return client, nil
	}}
	return &place{e, host, transport, func() {
		if err := host.Shutdown(context.Background()); err != nil && !e.store.fail.Load() {
			e.t.Errorf("shutdown: %v", err)
		}
		transport.CloseIdleConnections()
		_ = server.Close()
		<-served
	}}
}

// browser returns a browser with the cookie of another one, or with one of its own.
func (p *place) browser(other *livetest.Browser) *livetest.Browser {
	b := livetest.NewBrowser(p.transport)
	b.Header.Set("X-Forwarded-For", clientAddress)
	if other != nil {
		b.Client.Jar = other.Client.Jar
	}
	if _, err := b.Get(p.t.Context(), "http://shop.example/"); err != nil {
		p.t.Fatal(err)
	}
	for _, cookie := range b.Client.Jar.Cookies(&url.URL{Scheme: "http", Host: "shop.example", Path: "/"}) {
		p.keepSecret(cookie.Value)
	}
	return b
}

// open opens a socket. Whether it is welcome is for the log to say.
func (p *place) open(b *livetest.Browser, path, tab string) (*livetest.Conn, string) {
	c, err := b.Dial(p.t.Context(), "http://shop.example"+path)
	if err != nil {
		return nil, ""
	}
	p.t.Cleanup(func() { _ = c.Cut() })
	m, _ := c.Hello(p.t.Context(), tab)
	if m.Tab != "" {
		p.keepSecret(m.Tab)
		go func() { _, _ = c.Until(context.Background(), func(livetest.Message) bool { return false }) }()
	}
	return c, m.Tab
}

// do sends an input and waits until whatever comes of it is over, or blocked.
func (p *place) do(c *livetest.Conn, in livetest.Input) {
	if err := c.Send(p.t.Context(), in); err != nil {
		p.t.Error(err)
	}
	synctest.Wait()
}

// watched is a page of a shop whose session's ID is kept secret.
func (e *eventful) watched(hook func(*live.Event) error) map[string]live.Mount {
	return map[string]live.Mount{"/": func(s *setup.Scope) live.View {
		e.keepSecret(s.Session().ID())
		return (&shop{hook: hook}).mount(s)
	}}
}

// refused opens sockets that Authenticate, its panic, and a foreign origin refuse.
func (e *eventful) refused() {
	p := e.place(func(c *live.Config) {
		c.Authenticate = func(r *http.Request) (string, error) {
			switch r.Header.Get("Authorization") {
			case "":
				return "user-SECRET", nil
			case "Bearer SECRET":
				return "", errors.New("token has expired")
			}
			panic(struct{ token string }{"SECRET"})
		}
	}, e.watched(nil))
	defer p.close()
	b := p.browser(nil)
	for _, token := range []string{"Bearer SECRET", "Basic SECRET"} {
		b.Header.Set("Authorization", token)
		p.open(b, "/", "")
	}
	b.Header.Set("Origin", "https://elsewhere.example")
	p.open(b, "/", "")
}

// pages cannot be mounted, cannot be rendered, and declare state badly.
func (e *eventful) pages() {
	pages := e.watched(nil)
	pages["/broken"] = func(*setup.Scope) live.View { panic(map[string]string{"card": "SECRET"}) }
	pages["/bad"] = func(s *setup.Scope) live.View {
		setup.SharedSignal(s, "SECRET")
		setup.SharedSignal(s, "SECRET", setup.Key("twice"))
		setup.SharedSignal(s, 5, setup.Key("twice"))
		return (&shop{}).mount(s)
	}
	p := e.place(nil, pages)
	defer p.close()
	b := p.browser(nil)
	if _, err := b.Get(e.t.Context(), "http://shop.example/broken"); err == nil {
		e.t.Error("a page that cannot be mounted is served")
	}
	p.open(b, "/broken", "")
	p.open(b, "/bad", "")
}

// handlers fail and panic, and log a user in who is logged in too often already.
func (e *eventful) handlers() {
	p := e.place(func(c *live.Config) { c.Manager.MaxSessionsPerUser = 1 }, e.watched(func(ev *live.Event) error {
		if _, err := ev.Int("card"); err != nil {
			return err
		}
		panic(struct{ card string }{"SECRET"})
	}))
	defer p.close()
	b := p.browser(nil)
	secret := map[string]string{"n": "SECRET", "card": "SECRET", "user": "user-SECRET"}
	for range 2 {
		c, _ := p.open(b, "/", "")
		for i, name := range []string{"add", "hook", "panic", "nosuch", "login"} {
			p.do(c, livetest.Input{Seq: uint64(i + 1), Name: name, V: secret})
		}
		p.do(c, livetest.Input{Seq: 6, Name: "hook", V: map[string]string{"card": "7"}})
	}
}

func (e *eventful) limits() {
	p := e.place(func(c *live.Config) { c.Manager.MaxSessionsPerIP = 1 }, e.watched(nil))
	defer p.close()
	b := p.browser(nil)
	p.open(b, "/", "")
	p.open(b, "/", "")
}

// resumes fail because the store does, and because the session is on another page.
func (e *eventful) resumes() {
	pages := e.watched(nil)
	pages["/other"] = pages["/"]
	first := e.place(nil, pages)
	b := first.browser(nil)
	c, tab := first.open(b, "/", "")
	first.do(c, livetest.Input{Seq: 1, Name: "add", V: map[string]string{"n": "SECRET"}})
	first.close()

	second := e.place(nil, pages)
	defer second.close()
	b = second.browser(b)
	second.open(b, "/other", tab)
	e.store.fail.Store(true)
	second.open(b, "/", tab)
	e.store.fail.Store(false)
	time.Sleep(time.Minute)
}

// attempts ends three processes with one input, the last one while the store is down.
func (e *eventful) attempts() {
	released := make(chan struct{})
	pages := e.watched(func(*live.Event) error { <-released; return nil })
	deadly := livetest.Input{Seq: 1, Name: "hook", V: map[string]string{"n": "SECRET"}, Again: true}
	var places []*place
	var stores []*isolated
	shared := e.store
	var b *livetest.Browser
	tab := ""
	for range 3 {
		e.store = &isolated{SessionStore: shared.SessionStore}
		p := e.place(nil, pages)
		places, stores = append(places, p), append(stores, e.store)
		b = p.browser(b)
		var c *livetest.Conn
		c, tab = p.open(b, "/", tab)
		time.Sleep(2 * time.Second) // it is durable
		p.do(c, deadly)
		e.store.cut.Store(true)
	}
	close(released)
	for i, p := range places {
		stores[i].cut.Store(true)
		p.close()
	}
	e.store = &isolated{SessionStore: shared.SessionStore}
	p := e.place(nil, e.watched(func(*live.Event) error { return nil }))
	c, _ := p.open(p.browser(nil), "/", "")
	e.store.fail.Store(true)
	p.do(c, deadly)
	time.Sleep(5 * time.Second)
	e.store.fail.Store(false)
	p.close()
}

// fragile has a state that cannot be written.
func (e *eventful) fragile() {
	p := e.place(nil, map[string]live.Mount{"/": func(s *setup.Scope) live.View {
		e.keepSecret(s.Session().ID())
		view := (&shop{}).mount(s)
		f := setup.SharedSignal(s, fragileText("SECRET"), setup.Key("fragile"))
		view.On["break"] = func(*live.Event) error { f.Set("bad"); return nil }
		return view
	}})
	c, _ := p.open(p.browser(nil), "/", "")
	time.Sleep(2 * time.Second)
	p.do(c, livetest.Input{Seq: 1, Name: "break"})
	_ = c.Cut()
	time.Sleep(20 * time.Second)
	if text := e.log.String(); !strings.Contains(text, "final state not taken") {
		e.t.Error("a state that cannot be written is not reported")
	}
	p.close()
}
