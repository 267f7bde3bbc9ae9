package live_test

import (
	"bytes"
	"context"
	"errors"
	"html/template"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/limpet-go/limpet"
	"github.com/limpet-go/limpet/live"
	"github.com/limpet-go/limpet/live/livetest"
	"github.com/limpet-go/limpet/session"
	"github.com/limpet-go/limpet/setup"
)

var testKey = []byte("0123456789abcdef0123456789abcdef")

var shopTemplate = template.Must(template.New("shop").Parse(
	`<!doctype html><html lang="en"><head><title>Shop</title><script defer src="?limpet=js"></script></head>` +
		`<body><p id="log">{{range .Log}}[{{.}}]{{end}}</p><p id="at">{{.At}}</p><p id="user">{{.User}}</p><p id="theme">{{.Theme}}</p></body></html>`))

var (
	themeKey = limpet.NewSessionKey[string]("theme")
	lateKey  = limpet.NewSessionKey[string]("late") // declared by an event, not by mount
)

// shop is a page that logs the inputs it applied, in order, in its persisted state.
type shop struct {
	hook func(e *live.Event) error // of the event "hook"
}

func (p *shop) mount(s *setup.Scope) live.View {
	log := setup.SharedSignal(s, []string(nil), setup.Key("log"))
	at := setup.Signal(s, "")
	sess := s.Session()
	add := func(text string) { log.Update(func(l []string) []string { return append(l, text) }) }
	return live.View{
		Template: shopTemplate,
		Data: func() any {
			return map[string]any{"Log": log.Get(), "At": at.Get(), "User": sess.UserID(), "Theme": themeKey.Get(sess)}
		},
		On: map[string]live.Handler{
			"add":  func(e *live.Event) error { add(e.Value("n")); return nil },
			"move": func(e *live.Event) error { at.Set(e.Value("x")); return nil },
			"fail": func(e *live.Event) error { add("f"); return errors.New("not today") },
			"panic": func(e *live.Event) error {
				add("p")
				panic("boom")
			},
			"later": func(e *live.Event) error {
				return e.Session().Dispatch(func() { add("later") })
			},
			"late":   func(e *live.Event) error { lateKey.Get(e.Session()); return nil },
			"login":  func(e *live.Event) error { e.Session().SetUserID(e.Value("user")); return nil },
			"logout": func(e *live.Event) error { e.End(); return nil },
			"hook": func(e *live.Event) error {
				add("h")
				return p.hook(e)
			},
		},
	}
}

// node is a host with its server, and the log it writes.
type node struct {
	t    *testing.T
	host *live.Host
	srv  *httptest.Server
	url  string
	log  *logBuffer
}

type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) lines(substring string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var lines []string
	for line := range strings.Lines(l.b.String()) {
		if strings.Contains(line, substring) {
			lines = append(lines, line)
		}
	}
	return lines
}

// newNode starts a node; configure may change its configuration. It is shut down with the test.
func newNode(t *testing.T, mount live.Mount, configure func(*live.Config)) *node {
	t.Helper()
	n := &node{t: t, log: &logBuffer{}}
	cfg := live.Config{Key: testKey, Logger: slog.New(slog.NewTextHandler(n.log, nil))}
	cfg.Manager.PersistInterval = 5 * time.Millisecond
	if configure != nil {
		configure(&cfg)
	}
	host, err := live.NewHost(cfg)
	if err != nil {
		t.Fatal(err)
	}
	n.host = host
	mux := http.NewServeMux()
	mux.Handle("/shop", host.Page(mount))
	mux.Handle("/other", host.Page(mount))
	n.srv = httptest.NewServer(mux)
	n.url = n.srv.URL + "/shop"
	t.Cleanup(func() {
		if err := host.Shutdown(context.Background()); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		n.srv.Close()
	})
	return n
}

// browser returns a browser that has fetched the page once.
func (n *node) browser() *livetest.Browser {
	n.t.Helper()
	transport := &http.Transport{DialContext: (&net.Dialer{}).DialContext}
	n.t.Cleanup(transport.CloseIdleConnections)
	b := livetest.NewBrowser(transport)
	if _, err := b.Get(n.t.Context(), n.url); err != nil {
		n.t.Fatal(err)
	}
	return b
}

// line is an open socket in a test.
type line struct {
	*livetest.Conn
	t       *testing.T
	ctx     context.Context
	browser *livetest.Browser
	welcome livetest.Message
}

// open opens a socket and says hello.
func (n *node) open(b *livetest.Browser, tab string) *line {
	n.t.Helper()
	l, err := n.tryOpen(b, tab)
	if err != nil {
		n.t.Fatal(err)
	}
	return l
}

func (n *node) tryOpen(b *livetest.Browser, tab string) (*line, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	n.t.Cleanup(cancel)
	c, err := b.Dial(ctx, n.url)
	if err != nil {
		return nil, err
	}
	n.t.Cleanup(func() { _ = c.Cut() })
	l := &line{Conn: c, t: n.t, ctx: ctx, browser: b}
	l.welcome, err = c.Hello(ctx, tab)
	return l, err
}

func (l *line) send(in livetest.Input) {
	l.t.Helper()
	if err := l.Send(l.ctx, in); err != nil {
		l.t.Fatal(err)
	}
}

// add sends the numbered input that adds its own number to the log.
func (l *line) add(seq uint64) {
	l.t.Helper()
	l.send(livetest.Input{Seq: seq, Name: "add", V: map[string]string{"n": string(rune('0' + seq%10))}})
}

func (l *line) until(what string, ok func(livetest.Message) bool) livetest.Message {
	l.t.Helper()
	m, err := l.Until(l.ctx, ok)
	if err != nil {
		l.t.Fatalf("waiting for %s: %v", what, err)
	}
	return m
}

func (l *line) untilHTML(part string) livetest.Message {
	l.t.Helper()
	return l.until("html with "+part, func(m livetest.Message) bool { return strings.Contains(m.HTML, part) })
}

func (l *line) untilDurable(seq uint64) {
	l.t.Helper()
	l.until("durable", func(m livetest.Message) bool { return m.Durable >= seq })
}

// closed waits until the server closed the socket and returns the code.
func (l *line) closed() int {
	l.t.Helper()
	_, err := l.Until(l.ctx, func(livetest.Message) bool { return false })
	return livetest.CloseCode(err)
}

// applied accepts a message that says that the inputs up to seq are applied.
func applied(seq uint64) func(livetest.Message) bool {
	return func(m livetest.Message) bool { return m.Applied >= seq }
}

func lineInput(seq uint64, name string) livetest.Input { return livetest.Input{Seq: seq, Name: name} }

func memoryStore(t *testing.T) *session.MemoryStore {
	store := session.NewMemoryStore()
	t.Cleanup(func() { _ = store.Close() })
	return store
}
