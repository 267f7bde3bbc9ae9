package drivertest

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/limpet-go/limpet/drivers/internal/sqltest"
	"github.com/limpet-go/limpet/session"
)

// StallAtCommit checks that a call keeps its context's deadline when the server falls silent just before a transaction
// is committed, and that the store works once it has found its voice.
func StallAtCommit(t *testing.T, e Engine) {
	place := e.Fresh(t)
	p := newProxy(t, place)
	store := e.Store(t, Edit(t, place, func(u *url.URL) { u.Host = p.addr }))
	batch := map[string]session.SessionData{"s1": {ExpiresAt: time.Now().Add(time.Hour)}, "s2": {}}
	for range 3 {
		p.swallow("commit")
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		start := time.Now()
		err := store.SaveAllAtomic(ctx, batch)
		cancel()
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("SaveAllAtomic returned after %v, its deadline was 200ms", took)
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("SaveAllAtomic: %v, want context.DeadlineExceeded", err)
		}
		p.swallow("")
		sqltest.Save(t, store, "s3", "three")
	}
	CallEverything(t, store)
}

// proxy passes bytes between clients and a server, but for what it swallows.
type proxy struct {
	addr, server string

	mu      sync.Mutex
	word    string
	conns   []net.Conn
	running sync.WaitGroup
}

// Proxied returns a URL of the same server at an address that its certificate does not name.
func Proxied(t *testing.T, place string) string {
	t.Helper()
	p := newProxy(t, place)
	return Edit(t, place, func(u *url.URL) { u.Host = p.addr })
}

func newProxy(t *testing.T, place string) *proxy {
	t.Helper()
	u, err := url.Parse(place)
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{server: u.Host}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.addr = l.Addr().String()
	p.running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			p.running.Go(func() { p.serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		p.cut()
		p.running.Wait()
	})
	return p
}

// swallow makes connections fall silent towards the server from the first packet on that holds the word, in any case.
func (p *proxy) swallow(word string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.word = word
}

// cut closes every connection. Clients may still be saying good-bye on theirs.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range p.conns {
		_ = conn.Close()
	}
}

func (p *proxy) swallows(packet []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.word != "" && strings.Contains(string(bytes.ToLower(packet)), p.word)
}

func (p *proxy) serve(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", p.server)
	if err != nil {
		return
	}
	defer server.Close()
	p.mu.Lock()
	p.conns = append(p.conns, client, server)
	p.mu.Unlock()
	p.running.Go(func() {
		defer client.Close()
		relay(client, server, func([]byte) bool { return false })
	})
	relay(server, client, p.swallows)
}

// relay copies until either side ends; once it has swallowed something it only reads.
func relay(to, from net.Conn, swallows func([]byte) bool) {
	buf, silent := make([]byte, 64<<10), false
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		if silent = silent || swallows(buf[:n]); silent {
			continue
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}
