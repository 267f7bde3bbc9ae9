package live

import (
	"net/http/httptest"
	"net/netip"
	"testing"
)

func TestClientIP(t *testing.T) {
	trusted := proxies{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for _, test := range []struct {
		name   string
		peer   string
		header []string
		want   string
	}{
		{"direct", "192.0.2.1:1", nil, "192.0.2.1"},
		{"a stranger's header", "192.0.2.1:1", []string{"198.51.100.1"}, "192.0.2.1"},
		{"behind a proxy", "10.0.0.1:1", []string{"198.51.100.1"}, "198.51.100.1"},
		{"forged in front", "10.0.0.1:1", []string{"203.0.113.9, 198.51.100.1"}, "198.51.100.1"},
		{"two proxies", "10.0.0.1:1", []string{"203.0.113.9, 198.51.100.1, 10.0.0.2"}, "198.51.100.1"},
		{"two headers", "10.0.0.1:1", []string{"203.0.113.9", "198.51.100.1"}, "198.51.100.1"},
		{"proxy's own request", "10.0.0.1:1", nil, "10.0.0.1"},
		{"garbage", "10.0.0.1:1", []string{"198.51.100.1, unknown"}, "10.0.0.1"},
		{"with port", "10.0.0.1:1", []string{"198.51.100.1:4444"}, "198.51.100.1"},
		{"IPv6", "[fd00::1]:1", []string{"2001:db8::1"}, "2001:db8::1"},
		{"mapped", "[::ffff:10.0.0.1]:1", []string{"::ffff:198.51.100.1"}, "198.51.100.1"},
		{"only proxies", "10.0.0.1:1", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		{"no address", "@", []string{"198.51.100.1"}, "@"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = test.peer
		for _, value := range test.header {
			r.Header.Add("X-Forwarded-For", value)
		}
		if got := trusted.clientIP(r); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

func TestForwardedHostIsBelievedOfProxiesOnly(t *testing.T) {
	trusted := proxies{netip.MustParsePrefix("10.0.0.0/8")}
	r := httptest.NewRequest("GET", "http://inside.example/", nil)
	r.Header.Set("X-Forwarded-Host", "Outside.example")
	r.RemoteAddr = "192.0.2.1:1"
	if got := trusted.host(r); got != "inside.example" {
		t.Errorf("a stranger's host is believed: %s", got)
	}
	r.RemoteAddr = "10.0.0.1:1"
	if got := trusted.host(r); got != "outside.example" {
		t.Errorf("a proxy's host is not believed: %s", got)
	}
}
