package demo

import (
	"net"
	"strings"
	"testing"
)

func TestListen(t *testing.T) {
	busy, err := listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	tests := []struct {
		addr string
		want []string
	}{
		{busy.Addr().String(), []string{busy.Addr().String(), "in use", "--addr"}},
		{"8080", []string{`"8080"`, "host:port"}},
		{"", []string{"host:port"}},
		{"127.0.0.1:99999", []string{"127.0.0.1:99999", "--addr"}},
	}
	for _, tt := range tests {
		ln, err := listen(tt.addr)
		if err == nil {
			ln.Close()
			t.Errorf("%q: no error", tt.addr)
			continue
		}
		for _, part := range tt.want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%q: error %q does not say %q", tt.addr, err, part)
			}
		}
	}
}

func TestVisitURL(t *testing.T) {
	for addr, want := range map[string]struct {
		url   string
		local bool
	}{
		"127.0.0.1:8080":   {"http://127.0.0.1:8080", true},
		"0.0.0.0:8080":     {"http://localhost:8080", false},
		"[::]:80":          {"http://localhost:80", false},
		"[::1]:8080":       {"http://[::1]:8080", true},
		"192.0.2.7:8080":   {"http://192.0.2.7:8080", false},
		"127.77.0.1:65535": {"http://127.77.0.1:65535", true},
	} {
		tcp, err := net.ResolveTCPAddr("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		if got := visitURL(tcp); got != want.url || local(tcp) != want.local {
			t.Errorf("%s: %s, local %v; want %s, %v", addr, got, local(tcp), want.url, want.local)
		}
	}
}
