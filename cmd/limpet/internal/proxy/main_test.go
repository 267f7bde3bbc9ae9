package proxy

import (
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/limpet-go/limpet/cmd/limpet/internal/supervisor"
	"github.com/limpet-go/limpet/internal/leak"
)

func TestMain(m *testing.M) { os.Exit(leak.Main(m)) }

// fakeNodes are HTTP servers in this process that play the nodes.
type fakeNodes struct {
	mu     sync.Mutex
	live   []supervisor.Process
	pids   int
	killed []int
}

func (f *fakeNodes) Live() []supervisor.Process {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.live)
}

func (f *fakeNodes) Kill(node int) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.killed = append(f.killed, node)
	return nil
}

// add starts a node that answers with h and returns its server.
func (f *fakeNodes) add(t *testing.T, node int, h http.Handler) *httptest.Server {
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pids++
	f.live = append(f.live, supervisor.Process{Node: node, PID: f.pids, Addr: strings.TrimPrefix(srv.URL, "http://")})
	return srv
}

// drop takes a node off the live ones, as the supervisor does when its process died.
func (f *fakeNodes) drop(node int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.live = slices.DeleteFunc(f.live, func(p supervisor.Process) bool { return p.Node == node })
}

// says answers every request with a text.
func says(text string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(text)) })
}

// front serves the proxy until the test ends.
func front(t *testing.T, nodes Nodes) *httptest.Server {
	p := New(Config{Nodes: nodes, CookieName: "limpet"})
	srv := httptest.NewServer(p)
	t.Cleanup(func() {
		srv.Close()
		http.DefaultClient.CloseIdleConnections()
	})
	return srv
}
