package node

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/limpet-go/limpet/live/livetest"
)

func settings(t *testing.T) Settings {
	return Settings{Node: 2, Store: "sqlite://" + filepath.Join(t.TempDir(), "demo.db"), Key: bytes.Repeat([]byte{7}, 32)}
}

// begin runs a node and returns its address, and what ends it and waits.
func begin(t *testing.T, s Settings) (addr string, end func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	addrs, done := make(chan string, 1), make(chan error, 1)
	go func() {
		done <- Run(ctx, s, func(addr string) error { addrs <- addr; return nil }, slog.New(slog.DiscardHandler))
	}()
	end = func() error {
		cancel()
		err := <-done
		done <- err
		return err
	}
	t.Cleanup(func() {
		end()
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	})
	select {
	case addr = <-addrs:
	case err := <-done:
		done <- err
		t.Fatalf("the node ended: %v", err)
	}
	return addr, end
}

// TestDrainedStateIsThereForTheNextNode adds to the cart and ends the node at once.
func TestDrainedStateIsThereForTheNextNode(t *testing.T) {
	s := settings(t)
	addr, end := begin(t, s)
	b := livetest.NewBrowser(nil)
	conn, tab := attach(t, b, addr, "")
	if err := conn.Send(t.Context(), livetest.Input{Seq: 1, Name: "add", V: map[string]string{"product": "pear"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Until(t.Context(), func(m livetest.Message) bool { return m.Applied == 1 }); err != nil {
		t.Fatal(err)
	}
	if err := end(); err != nil {
		t.Fatalf("the node ended with %v", err)
	}
	addr, _ = begin(t, s)
	jar := b.Client.Jar // cookies do not belong to a port
	b = livetest.NewBrowser(nil)
	b.Client.Jar = jar
	conn, _ = attach(t, b, addr, tab)
	conn.Cut()
}

// attach opens the page and its socket. With a tab it must resume that tab's session, with one pear in the cart.
func attach(t *testing.T, b *livetest.Browser, addr, tab string) (*livetest.Conn, string) {
	t.Helper()
	url := "http://" + addr + "/"
	if _, err := b.Get(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	conn, err := b.Dial(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Cut() })
	m, err := conn.Hello(t.Context(), tab)
	if err != nil {
		t.Fatal(err)
	}
	if tab != "" && (m.Fresh || !strings.Contains(m.HTML, `data-testid="qty-pear">1<`)) {
		t.Fatalf("not resumed: fresh %v, html %s", m.Fresh, m.HTML)
	}
	return conn, m.Tab
}

// TestUnusedConnectionDoesNotHoldTheDrainUp keeps one open that never sends a request.
func TestUnusedConnectionDoesNotHoldTheDrainUp(t *testing.T) {
	addr, end := begin(t, settings(t))
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	resp, err := http.Get("http://" + addr + "/assets/shop.css") // accepted after the other one
	if err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	since := time.Now()
	if err := end(); err != nil {
		t.Error(err)
	}
	if took := time.Since(since); took > 4*time.Second {
		t.Errorf("the drain took %v", took)
	}
}

func TestNodeThatCannotServe(t *testing.T) {
	bad := settings(t)
	bad.Store = "sqlite:///no/such/folder/demo.db"
	short := settings(t)
	short.Key = short.Key[:31]
	for name, s := range map[string]Settings{"store": bad, "key": short} {
		err := Run(t.Context(), s, func(string) error { t.Error("it says it is ready"); return nil }, slog.New(slog.DiscardHandler))
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	lost := errors.New("nobody listens")
	if err := Run(t.Context(), settings(t), func(string) error { return lost }, slog.New(slog.DiscardHandler)); !errors.Is(err, lost) {
		t.Errorf("error %v, want %v", err, lost)
	}
}

func TestSettings(t *testing.T) {
	want := Settings{Node: 3, Store: "sqlite:///a b\n.db", Key: []byte{0, 10, 255}}
	line := want.Encode()
	if bytes.ContainsRune(line, '\n') {
		t.Errorf("the line %q has an end inside", line)
	}
	got, err := DecodeSettings(line)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, error %v", got, err)
	}
	if _, err := DecodeSettings([]byte(`{"store": "postgres://u:hunter2@h`)); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("error %v, want one without the password", err)
	}
}
