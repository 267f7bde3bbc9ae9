package shop

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/limpet-go/limpet/live"
	"github.com/limpet-go/limpet/live/livetest"
)

// visitor is one tab of the shop without a browser.
type visitor struct {
	t    *testing.T
	conn *livetest.Conn
	html string
	seq  uint64
}

// serve returns the address of a shop that ends with the test.
func serve(t *testing.T) string {
	t.Helper()
	host, err := live.NewHost(live.Config{Key: make([]byte, 32), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(host.Page(Mount(Server{Node: 3, PID: 4711})))
	t.Cleanup(func() {
		srv.Close()
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	})
	t.Cleanup(func() {
		if err := host.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return srv.URL + "/"
}

func visitShop(t *testing.T, url string) *visitor {
	t.Helper()
	b := livetest.NewBrowser(nil)
	if _, err := b.Get(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	conn, err := b.Dial(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Cut() })
	m, err := conn.Hello(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	return &visitor{t: t, conn: conn, html: m.HTML}
}

// do sends an input and waits until it has been applied.
func (v *visitor) do(name string, values ...string) {
	v.t.Helper()
	v.seq++
	in := livetest.Input{Seq: v.seq, Name: name, V: map[string]string{}}
	for i := 0; i < len(values); i += 2 {
		in.V[values[i]] = values[i+1]
	}
	if err := v.conn.Send(v.t.Context(), in); err != nil {
		v.t.Fatal(err)
	}
	_, err := v.conn.Until(v.t.Context(), func(m livetest.Message) bool {
		if m.HTML != "" {
			v.html = m.HTML
		}
		return m.Applied >= v.seq
	})
	if err != nil {
		v.t.Fatal(err)
	}
}

// says checks the text of an element.
func (v *visitor) says(testid, want string) {
	v.t.Helper()
	m := regexp.MustCompile(`data-testid="` + testid + `"[^>]*>([^<]*)<`).FindStringSubmatch(v.html)
	if m == nil || m[1] != want {
		v.t.Errorf("%s says %q, want %q", testid, m, want)
	}
}

func TestEveryControlHasItsTestName(t *testing.T) {
	v := visitShop(t, serve(t))
	ids := []string{"cart-count", "note", "theme-toggle", "status", "node", "pid", "kill"}
	for _, id := range []string{"apple", "pear", "plum"} {
		ids = append(ids, "add-"+id, "qty-"+id, "remove-"+id)
	}
	for _, id := range ids {
		if n := strings.Count(v.html, fmt.Sprintf("data-testid=%q", id)); n != 1 {
			t.Errorf("%d elements are named %s, want one", n, id)
		}
	}
	if !strings.Contains(v.html, `<html lang="en" data-theme="light">`) {
		t.Error("no theme on the html element")
	}
	v.says("node", "3")
	v.says("pid", "4711")
}

func TestNothingOnThePageNeedsInlineCode(t *testing.T) {
	v := visitShop(t, serve(t))
	for _, inline := range []string{"style=", "<style", "onclick", "javascript:"} {
		if strings.Contains(v.html, inline) {
			t.Errorf("the page holds %s, which its security policy forbids", inline)
		}
	}
	for _, m := range regexp.MustCompile(`<script[^>]*>`).FindAllString(v.html, -1) {
		if !strings.Contains(m, "src=") {
			t.Errorf("inline script %s", m)
		}
	}
}

func TestFillingTheCart(t *testing.T) {
	v := visitShop(t, serve(t))
	for _, id := range []string{"apple", "apple", "plum", "gold", ""} {
		v.do("add", "product", id)
	}
	v.says("qty-apple", "2")
	v.says("qty-pear", "0")
	v.says("qty-plum", "1")
	v.says("cart-count", "3")
	v.says("total", "€1.55")
	for _, id := range []string{"apple", "pear", "plum", "plum"} {
		v.do("remove", "product", id)
	}
	v.says("qty-apple", "1")
	v.says("qty-plum", "0")
	v.says("cart-count", "1")
}

func TestNote(t *testing.T) {
	v := visitShop(t, serve(t))
	v.do("note", "value", "<b>two</b> bags")
	v.says("note", "&lt;b&gt;two&lt;/b&gt; bags")
	v.do("note", "value", strings.Repeat("ü", noteLimit+1))
	v.says("note", strings.Repeat("ü", noteLimit))
}

func TestTheme(t *testing.T) {
	v := visitShop(t, serve(t))
	for _, want := range []string{"dark", "light"} {
		v.do("theme")
		if !strings.Contains(v.html, `data-theme="`+want+`"`) {
			t.Errorf("the theme is not %s", want)
		}
	}
}

func TestPointer(t *testing.T) {
	v := visitShop(t, serve(t))
	v.do("pointer", "x", "12", "y", "34")
	v.says("pointer", "12, 34")
	v.do("pointer", "x", "far", "y", "34")
	v.do("pointer", "x", "1")
	v.says("pointer", "12, 34")
}

func TestTabsAreApart(t *testing.T) {
	url := serve(t)
	one, other := visitShop(t, url), visitShop(t, url)
	one.do("add", "product", "pear")
	other.do("theme")
	one.says("cart-count", "1")
	other.says("cart-count", "0")
	if strings.Contains(one.html, `data-theme="dark"`) {
		t.Error("one tab's theme changed the other's")
	}
}

func TestAssets(t *testing.T) {
	for path, kind := range map[string]string{
		"/assets/shop.css": "text/css", "/assets/shop.js": "text/javascript", "/assets/plum.svg": "image/svg+xml",
	} {
		w := httptest.NewRecorder()
		Assets().ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Type"), kind) || w.Body.Len() == 0 {
			t.Errorf("%s: code %d, type %s, %d bytes", path, w.Code, w.Header().Get("Content-Type"), w.Body.Len())
		}
	}
	for _, path := range []string{"/assets/", "/assets", "/assets/none.css", "/assets/../page.html", "/page.html"} {
		w := httptest.NewRecorder()
		Assets().ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code != 404 {
			t.Errorf("%s: code %d, want 404", path, w.Code)
		}
	}
}
