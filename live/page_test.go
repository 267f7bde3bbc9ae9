package live_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"html/template"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/limpet-go/limpet/live"
	"github.com/limpet-go/limpet/session"
	"github.com/limpet-go/limpet/setup"
)

// countingStore counts the calls that ask a store about a session.
type countingStore struct {
	session.SessionStore
	calls atomic.Int64
}

func (s *countingStore) Load(ctx context.Context, id string) ([]byte, error) {
	s.calls.Add(1)
	return s.SessionStore.Load(ctx, id)
}

func (s *countingStore) Save(ctx context.Context, id string, data []byte, until time.Time) error {
	s.calls.Add(1)
	return s.SessionStore.Save(ctx, id, data, until)
}

func (s *countingStore) SaveAll(ctx context.Context, all map[string]session.SessionData) error {
	s.calls.Add(1)
	return s.SessionStore.SaveAll(ctx, all)
}

func (s *countingStore) Delete(ctx context.Context, id string) error {
	s.calls.Add(1)
	return s.SessionStore.Delete(ctx, id)
}

// request serves one request without a network.
func request(h http.Handler, method, target string, change func(*http.Request)) *http.Response {
	r := httptest.NewRequest(method, target, nil)
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, res *http.Response) string {
	t.Helper()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestGetCreatesNoSession(t *testing.T) {
	store := &countingStore{SessionStore: memoryStore(t)}
	n := newNode(t, (&shop{}).mount, func(c *live.Config) { c.Store = store })
	for range 3 {
		n.browser()
	}
	if stats := n.host.Stats(); stats.Total != 0 {
		t.Errorf("the manager holds %d sessions after GETs", stats.Total)
	}
	if calls := store.calls.Load(); calls != 0 {
		t.Errorf("GETs asked the store %d times", calls)
	}
}

func TestDocument(t *testing.T) {
	n := newNode(t, (&shop{}).mount, nil)
	page := n.host.Page((&shop{}).mount)
	get := request(page, "GET", "/shop", nil)
	if get.StatusCode != 200 || get.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("status %d, header %v", get.StatusCode, get.Header)
	}
	html := body(t, get)
	if !strings.HasPrefix(html, "<!doctype html>") {
		t.Errorf("body %q", html)
	}
	head := request(page, "HEAD", "/shop", nil)
	if got := body(t, head); got != "" || head.ContentLength != int64(len(html)) {
		t.Errorf("HEAD: body %q, length %d, want none and %d", got, head.ContentLength, len(html))
	}
	if len(head.Cookies()) != 1 {
		t.Error("HEAD sets no cookie")
	}
	post := request(page, "POST", "/shop", nil)
	if post.StatusCode != 405 || post.Header.Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: status %d, Allow %q", post.StatusCode, post.Header.Get("Allow"))
	}
	if res := request(page, "GET", "/shop?limpet=x", nil); res.StatusCode != 404 {
		t.Errorf("unknown resource: status %d", res.StatusCode)
	}
	if res := request(page, "GET", "/shop?limpet=ws", nil); res.StatusCode != http.StatusUpgradeRequired {
		t.Errorf("socket without an upgrade: status %d", res.StatusCode)
	}
}

func TestDocumentThatCannotBeRendered(t *testing.T) {
	n := newNode(t, (&shop{}).mount, nil)
	for name, mount := range map[string]live.Mount{
		"panic in mount": func(*setup.Scope) live.View { panic("boom") },
		"no template":    func(*setup.Scope) live.View { return live.View{} },
		"panic in data": func(*setup.Scope) live.View {
			return live.View{Template: shopTemplate, Data: func() any { panic("boom") }}
		},
		"failing template": func(*setup.Scope) live.View {
			return live.View{Template: template.Must(template.New("").Parse("half {{.None.None}}")), Data: func() any { return 1 }}
		},
	} {
		res := request(n.host.Page(mount), "GET", "/shop", nil)
		if got := body(t, res); res.StatusCode != 500 || strings.Contains(got, "half") || strings.Contains(got, "boom") {
			t.Errorf("%s: status %d, body %q", name, res.StatusCode, got)
		}
	}
	if lines := n.log.lines("page not rendered"); len(lines) != 4 {
		t.Errorf("%d log lines, want 4", len(lines))
	}
}

func TestCookie(t *testing.T) {
	n := newNode(t, (&shop{}).mount, func(c *live.Config) {
		c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	})
	page := n.host.Page((&shop{}).mount)
	for _, test := range []struct {
		name   string
		change func(*http.Request)
		secure bool
	}{
		{"plain", nil, false},
		{"TLS", func(r *http.Request) { r.TLS = &tls.ConnectionState{} }, true},
		{"stranger says TLS", func(r *http.Request) { r.Header.Set("X-Forwarded-Proto", "https") }, false},
		{"proxy says TLS", func(r *http.Request) {
			r.RemoteAddr = "10.1.2.3:4"
			r.Header.Set("X-Forwarded-Proto", "https")
		}, true},
	} {
		cookies := request(page, "GET", "/shop", test.change).Cookies()
		if len(cookies) != 1 {
			t.Fatalf("%s: %d cookies", test.name, len(cookies))
		}
		c := cookies[0]
		if c.Name != "limpet" || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Secure != test.secure {
			t.Errorf("%s: cookie %+v", test.name, c)
		}
	}

	cookie := request(page, "GET", "/shop", nil).Cookies()[0]
	if again := request(page, "GET", "/shop", func(r *http.Request) { r.AddCookie(cookie) }).Cookies(); len(again) != 0 {
		t.Error("a browser with a good cookie gets another one")
	}
	forged := *cookie
	forged.Value = strings.Replace(cookie.Value, cookie.Value[:4], "AAAA", 1)
	if again := request(page, "GET", "/shop", func(r *http.Request) { r.AddCookie(&forged) }).Cookies(); len(again) != 1 {
		t.Error("a browser with a forged cookie gets no other one")
	}
}

func TestKeyRotationKeepsTheBrowser(t *testing.T) {
	oldKey, newKey := testKey, bytes.Repeat([]byte{7}, 32)
	a := newNode(t, (&shop{}).mount, nil)
	cookie := request(a.host.Page((&shop{}).mount), "GET", "/", nil).Cookies()[0]

	b := newNode(t, (&shop{}).mount, func(c *live.Config) { c.Key, c.PreviousKeys = newKey, [][]byte{oldKey} })
	again := request(b.host.Page((&shop{}).mount), "GET", "/", func(r *http.Request) { r.AddCookie(cookie) }).Cookies()
	if len(again) != 1 {
		t.Fatal("the cookie is not signed anew")
	}
	before, _, _ := strings.Cut(cookie.Value, ".")
	after, _, _ := strings.Cut(again[0].Value, ".")
	if before != after {
		t.Error("the browser part changed with the key")
	}
}

func TestScript(t *testing.T) {
	n := newNode(t, (&shop{}).mount, nil)
	page := n.host.Page((&shop{}).mount)
	res := request(page, "GET", "/shop?limpet=js", nil)
	if got := res.Header.Get("Content-Type"); !strings.HasPrefix(got, "text/javascript") {
		t.Errorf("content type %q", got)
	}
	if len(res.Cookies()) != 0 {
		t.Error("the script sets a cookie")
	}
	etag := res.Header.Get("ETag")
	again := request(page, "GET", "/shop?limpet=js", func(r *http.Request) { r.Header.Set("If-None-Match", etag) })
	if again.StatusCode != http.StatusNotModified {
		t.Errorf("status %d for an unchanged script", again.StatusCode)
	}
	source, err := os.ReadFile("client.js")
	if err != nil {
		t.Fatal(err)
	}
	if body(t, res) != string(source) {
		t.Error("another script is served than client.js")
	}
	if lines := bytes.Count(source, []byte("\n")); lines >= 300 {
		t.Errorf("the script has %d lines, want fewer than 300", lines)
	}
	for _, banned := range []string{"eval(", "new Function", "innerHTML = m."} {
		if bytes.Contains(source, []byte(banned)) {
			t.Errorf("the script contains %q", banned)
		}
	}
}

func TestConfigIsChecked(t *testing.T) {
	good := func() live.Config { return live.Config{Key: testKey} }
	for name, spoil := range map[string]func(*live.Config){
		"no key":             func(c *live.Config) { c.Key = nil },
		"short key":          func(c *live.Config) { c.Key = testKey[:31] },
		"short previous key": func(c *live.Config) { c.PreviousKeys = [][]byte{nil} },
		"origin with path":   func(c *live.Config) { c.AllowedOrigins = []string{"https://a.example/"} },
		"origin wildcard":    func(c *live.Config) { c.AllowedOrigins = []string{"*"} },
		"zero prefix":        func(c *live.Config) { c.TrustedProxies = []netip.Prefix{{}} },
		"no resume":          func(c *live.Config) { c.Manager.ResumeWindow = -1 },
		"no saving":          func(c *live.Config) { c.Manager.PersistInterval = -1 },
		"cookie name":        func(c *live.Config) { c.CookieName = "a b" },
	} {
		cfg := good()
		spoil(&cfg)
		if _, err := live.NewHost(cfg); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	h, err := live.NewHost(good())
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := h.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	}
}
