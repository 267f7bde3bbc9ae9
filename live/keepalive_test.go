package live_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpet-go/limpet/live"
	"github.com/limpet-go/limpet/live/livetest"
)

// pipes is a listener whose connections are in memory, so that time can be virtual.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { close(p.done); return nil }
func (p *pipes) Addr() net.Addr { return pipeAddr{} }

func (p *pipes) dial(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	p.conns <- server
	return client, nil
}

// visit opens a socket as a browser does.
func (p *pipes) visit(t *testing.T) (conn *livetest.Conn, hangUp func()) {
	t.Helper()
	transport := &http.Transport{DialContext: p.dial}
	b := livetest.NewBrowser(transport)
	if _, err := b.Get(t.Context(), "http://shop.example/"); err != nil {
		t.Fatal(err)
	}
	conn, err := b.Dial(t.Context(), "http://shop.example/")
	if err != nil {
		t.Fatal(err)
	}
	return conn, func() {
		_ = conn.Cut()
		transport.CloseIdleConnections()
	}
}

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "pipe" }

// inBubble runs a test against a host in virtual time.
func inBubble(t *testing.T, test func(t *testing.T, host *live.Host, p *pipes)) {
	synctest.Test(t, func(t *testing.T) {
		host, err := live.NewHost(live.Config{Key: testKey, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		p := &pipes{make(chan net.Conn), make(chan struct{})}
		server := &http.Server{Handler: host.Page((&shop{}).mount)}
		served := make(chan struct{})
		go func() { defer close(served); _ = server.Serve(p) }()
		test(t, host, p)
		if err := host.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		_ = server.Close()
		<-served
	})
}

func TestSilentClientIsDetached(t *testing.T) {
	inBubble(t, func(t *testing.T, host *live.Host, p *pipes) {
		conn, _ := p.dial(context.Background(), "", "")
		defer conn.Close()
		cookie := request(host.Page((&shop{}).mount), "GET", "/", nil).Cookies()[0]
		fmt.Fprintf(conn, "GET /?limpet=ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nCookie: %s=%s\r\n\r\n", cookie.Name, cookie.Value)
		r := bufio.NewReader(conn)
		if res, err := http.ReadResponse(r, nil); err != nil || res.StatusCode != http.StatusSwitchingProtocols {
			t.Fatalf("%v, %v", res, err)
		}
		// A text frame of fewer than 126 bytes, masked with zeros. It is the last thing the client ever does but read.
		hello := `{"t":"hello","v":1,"tab":"","path":"/"}`
		_, _ = conn.Write(append([]byte{0x81, 0x80 | byte(len(hello)), 0, 0, 0, 0}, hello...))
		gone := make(chan struct{})
		go func() { defer close(gone); _, _ = r.WriteTo(discard{}) }()
		synctest.Wait()
		if stats := host.Stats(); stats.Connected != 1 {
			t.Fatalf("stats %+v", stats)
		}
		start := time.Now()
		<-gone
		if after := time.Since(start); after < 20*time.Second || after > 40*time.Second {
			t.Errorf("a silent client was given up after %v", after)
		}
		synctest.Wait()
		if stats := host.Stats(); stats.Connected != 0 || stats.Detached != 1 {
			t.Errorf("stats %+v", stats)
		}
	})
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

func TestIdleClientHearsTheServer(t *testing.T) {
	inBubble(t, func(t *testing.T, host *live.Host, p *pipes) {
		conn, hangUp := p.visit(t)
		defer hangUp()
		if _, err := conn.Hello(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		last := time.Now()
		for range 100 {
			m, err := conn.Next(t.Context())
			if err != nil || m.T != "ack" {
				t.Fatalf("%+v, %v", m, err)
			}
			if silence := time.Since(last); silence > 16*time.Second {
				t.Fatalf("nothing for %v", silence)
			}
			last = time.Now()
		}
	})
}

func TestSocketWithoutHelloIsClosed(t *testing.T) {
	inBubble(t, func(t *testing.T, host *live.Host, p *pipes) {
		conn, hangUp := p.visit(t)
		defer hangUp()
		start := time.Now()
		if _, err := conn.Next(t.Context()); err == nil {
			t.Error("a message without a hello")
		}
		if after := time.Since(start); after < 9*time.Second || after > 12*time.Second {
			t.Errorf("closed after %v", after)
		}
	})
}

func TestPageIsServedAfterShutdown(t *testing.T) {
	host, err := live.NewHost(live.Config{Key: testKey})
	if err != nil {
		t.Fatal(err)
	}
	page := host.Page((&shop{}).mount)
	if err := host.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	page.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if w.Code != 200 || !strings.Contains(w.Body.String(), "Shop") {
		t.Errorf("status %d", w.Code)
	}
}
