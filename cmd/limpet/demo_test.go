package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/limpet-go/limpet/cmd/limpet/internal/transcript"
)

// running is a demo in this process with nodes of its own.
type running struct {
	out, errs transcript.Transcript
	url       string
	end       func() int // ends it as a signal does and returns its code
}

var openLine = regexp.MustCompile(`open   (http://\S+)\n`)

// startDemo runs `limpet demo` until it serves.
func startDemo(t *testing.T, args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var r running
	done := make(chan int, 1)
	go func() { done <- run(ctx, append([]string{"demo", "--addr", "127.0.0.1:0"}, args...), &r.out, &r.errs) }()
	r.end = func() int {
		cancel()
		code := <-done
		done <- code
		return code
	}
	t.Cleanup(func() {
		r.end()
		http.DefaultClient.CloseIdleConnections()
	})
	eventually(t, "the demo serves", func() bool {
		select {
		case code := <-done:
			done <- code
			t.Fatalf("it ended with code %d: %s", code, &r.errs)
		default:
		}
		m := openLine.FindStringSubmatch(r.out.String())
		if m != nil {
			r.url = m[1]
		}
		return m != nil
	})
	return &r
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("not in time: %s", what)
		}
		<-tick.C
	}
}

func fetch(t *testing.T, method, url string) (int, http.Header, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(body)
}

var pidElement = regexp.MustCompile(`data-testid="pid">(\d+)<`)

func TestDemoServesAndComesBackAfterAKill(t *testing.T) {
	r := startDemo(t, "--store", "sqlite://"+filepath.Join(t.TempDir(), "demo.db"))
	code, header, body := fetch(t, "GET", r.url)
	if code != http.StatusOK || !strings.Contains(header.Get("Content-Security-Policy"), "default-src 'self'") {
		t.Fatalf("code %d, headers %v", code, header)
	}
	old := pidElement.FindStringSubmatch(body)
	if old == nil {
		t.Fatalf("no process id on the page:\n%s", body)
	}
	for _, path := range []string{"/assets/shop.css", "/assets/shop.js", "/assets/apple.svg", "/?limpet=js"} {
		if code, _, body := fetch(t, "GET", r.url+path); code != http.StatusOK || body == "" {
			t.Errorf("%s: code %d", path, code)
		}
	}
	for _, path := range []string{"/nothing", "/assets/", "/assets/page.html"} {
		if code, _, _ := fetch(t, "GET", r.url+path); code != http.StatusNotFound {
			t.Errorf("%s: code %d, want 404", path, code)
		}
	}
	if code, _, _ := fetch(t, "POST", r.url+"/kill?node=1"); code != http.StatusNoContent {
		t.Fatalf("kill: code %d", code)
	}
	eventually(t, "another process", func() bool {
		code, _, body := fetch(t, "GET", r.url)
		now := pidElement.FindStringSubmatch(body)
		return code == http.StatusOK && now != nil && now[1] != old[1]
	})
	if code := r.end(); code != exitOK {
		t.Errorf("it ended with code %d: %s", code, &r.errs)
	}
}

func TestDemoInMemorySaysSo(t *testing.T) {
	r := startDemo(t, "--store", "memory:", "--nodes", "2")
	if !strings.Contains(r.out.String(), "a node that is killed forgets") || strings.Count(r.out.String(), "  node ") != 2 {
		t.Errorf("it says\n%s", &r.out)
	}
	if code := r.end(); code != exitOK {
		t.Errorf("it ended with code %d: %s", code, &r.errs)
	}
}

func TestDemoThatCannotStart(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	db := "sqlite://" + filepath.Join(t.TempDir(), "demo.db")
	tests := []struct {
		name string
		args []string
		says []string
	}{
		{"busy port", []string{"--addr", busy.Addr().String(), "--store", db}, []string{busy.Addr().String(), "in use", "--addr"}},
		{"no port", []string{"--addr", "localhost", "--store", db}, []string{"--addr", "host:port"}},
		{"no folder", []string{"--addr", "127.0.0.1:0", "--store", "sqlite:///no/such/folder/a.db"}, []string{"/no/such/folder"}},
		{"no URL", []string{"--addr", "127.0.0.1:0", "--store", "demo.db"}, []string{"--store", "sqlite:///"}},
		{"password", []string{"--addr", "127.0.0.1:0", "--store", "sqlite://me:hunter2@host/a.db"}, []string{"--store"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			code, stdout, stderr := execute(t, append([]string{"demo"}, tt.args...)...)
			if code != exitFailed || stdout != "" {
				t.Errorf("code %d, stdout %q", code, stdout)
			}
			for _, part := range tt.says {
				if !strings.Contains(stderr, part) {
					t.Errorf("stderr %q does not say %q", stderr, part)
				}
			}
			if strings.Contains(stderr, "hunter2") {
				t.Error("it shows the password")
			}
		})
	}
}
