package proxy

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/coder/websocket"
)

// get asks as the browser that holds cookie and returns the answer's code and body.
func get(t *testing.T, srv *httptest.Server, cookie string) (int, string) {
	t.Helper()
	resp := send(t, srv, http.MethodGet, "/", http.Header{"Cookie": {"limpet=" + cookie}}, nil)
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func send(t *testing.T, srv *httptest.Server, method, path string, header http.Header, body io.Reader) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, srv.URL+path, body)
	if err != nil {
		t.Fatal(err)
	}
	if header != nil {
		r.Header = header
	}
	resp, err := srv.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

func TestBrowserStaysWithItsNode(t *testing.T) {
	var nodes fakeNodes
	for n := 1; n <= 4; n++ {
		nodes.add(t, n, says(fmt.Sprint(n)))
	}
	srv := front(t, &nodes)
	used := map[string]int{}
	for i := range 40 {
		cookie := fmt.Sprint("browser", i)
		_, first := get(t, srv, cookie)
		for range 3 {
			if _, again := get(t, srv, cookie); again != first {
				t.Fatalf("%s went from node %s to %s", cookie, first, again)
			}
		}
		used[first]++
	}
	if len(used) < 3 {
		t.Errorf("40 browsers use %d of 4 nodes", len(used))
	}
}

func TestBrowserOfADeadNodeMovesAndStays(t *testing.T) {
	for _, how := range []string{"known dead", "not noticed yet"} {
		t.Run(how, func(t *testing.T) {
			var nodes fakeNodes
			servers := map[string]*httptest.Server{"1": nodes.add(t, 1, says("1")), "2": nodes.add(t, 2, says("2"))}
			srv := front(t, &nodes)
			_, home := get(t, srv, "me")
			servers[home].Close()
			node := int(home[0] - '0')
			if how == "known dead" {
				nodes.drop(node)
			}
			code, other := get(t, srv, "me")
			if code != http.StatusOK || other == home {
				t.Fatalf("code %d from node %s after the death of node %s", code, other, home)
			}
			nodes.drop(node)
			nodes.add(t, node, says("new "+home))
			if _, now := get(t, srv, "me"); now != other {
				t.Errorf("moved back to %q while node %s lives", now, other)
			}
		})
	}
}

func TestBrowserPrefersAnotherNodeToTheRestartedOne(t *testing.T) {
	var nodes fakeNodes
	nodes.add(t, 1, says("1"))
	nodes.add(t, 2, says("2"))
	srv := front(t, &nodes)
	for i := range 20 {
		cookie := fmt.Sprint("browser", i)
		_, home := get(t, srv, cookie)
		node := int(home[0] - '0')
		nodes.drop(node)
		nodes.add(t, node, says(home))
		if _, now := get(t, srv, cookie); now == home {
			t.Fatalf("%s went to the new process of node %s", cookie, home)
		}
	}
}

func TestSingleNodeServesAgainAfterItsRestart(t *testing.T) {
	var nodes fakeNodes
	old := nodes.add(t, 1, says("old"))
	srv := front(t, &nodes)
	get(t, srv, "me")
	nodes.drop(1)
	old.Close()
	code, body := get(t, srv, "me")
	if code != http.StatusServiceUnavailable || !strings.Contains(body, "comes back by itself") {
		t.Errorf("without a node: code %d, body %q", code, body)
	}
	resp := send(t, srv, http.MethodGet, "/", nil, nil)
	if resp.Header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After %q, want 1", resp.Header.Get("Retry-After"))
	}
	nodes.add(t, 1, says("new"))
	if code, body := get(t, srv, "me"); code != http.StatusOK || body != "new" {
		t.Errorf("after the restart: code %d, body %q", code, body)
	}
}

func TestRequestThatMayHaveHadAnEffectIsSentOnce(t *testing.T) {
	var nodes fakeNodes
	var calls atomic.Int32
	dies := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		calls.Add(1)
		panic(http.ErrAbortHandler)
	})
	nodes.add(t, 1, dies)
	nodes.add(t, 2, dies)
	srv := front(t, &nodes)
	for name, body := range map[string]io.Reader{"with a body": strings.NewReader("x"), "without one": nil} {
		calls.Store(0)
		resp := send(t, srv, http.MethodPost, "/", nil, body)
		if resp.StatusCode != http.StatusServiceUnavailable || calls.Load() != 1 {
			t.Errorf("%s: code %d after %d calls, want 503 after one", name, resp.StatusCode, calls.Load())
		}
	}
	calls.Store(0)
	if send(t, srv, http.MethodGet, "/", nil, nil); calls.Load() < 2 {
		t.Errorf("a GET was tried %d times, want every node", calls.Load())
	}
}

func TestNodeSeesTheBrowser(t *testing.T) {
	var nodes fakeNodes
	seen := make(chan *http.Request, 1)
	nodes.add(t, 1, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen <- r }))
	srv := front(t, &nodes)
	send(t, srv, http.MethodGet, "/?a=b", http.Header{
		"X-Forwarded-For":   {"203.0.113.9"},
		"X-Forwarded-Proto": {"https"},
		"Origin":            {"http://elsewhere.example"},
	}, nil)
	r := <-seen
	if got := r.Header.Get("X-Forwarded-For"); got != "127.0.0.1" {
		t.Errorf("X-Forwarded-For %q, want the connection's address alone", got)
	}
	if got := r.Header.Get("X-Forwarded-Proto"); got != "http" {
		t.Errorf("X-Forwarded-Proto %q", got)
	}
	if "http://"+r.Host != srv.URL || r.Header.Get("Origin") != "http://elsewhere.example" || r.URL.RawQuery != "a=b" {
		t.Errorf("host %q, origin %q, query %q", r.Host, r.Header.Get("Origin"), r.URL.RawQuery)
	}
}

func TestWebSocketsPassThrough(t *testing.T) {
	var nodes fakeNodes
	nodes.add(t, 1, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		typ, msg, err := c.Read(r.Context())
		if err == nil {
			c.Write(r.Context(), typ, append([]byte("got "), msg...))
		}
		c.Close(4001, "taken over")
	}))
	srv := front(t, &nodes)
	c, _, err := websocket.Dial(t.Context(), srv.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	if err := c.Write(t.Context(), websocket.MessageText, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	_, msg, err := c.Read(t.Context())
	if err != nil || string(msg) != "got hello" {
		t.Fatalf("read %q, error %v", msg, err)
	}
	if _, _, err = c.Read(t.Context()); websocket.CloseStatus(err) != 4001 {
		t.Errorf("close status %v, want 4001", err)
	}
}
