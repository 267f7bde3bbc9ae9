package live_test

import (
	"net/netip"
	"testing"

	"github.com/limpet-go/limpet/live"
	"github.com/limpet-go/limpet/live/livetest"
)

func TestLimitCountsAddressesBehindATrustedProxy(t *testing.T) {
	for _, trusted := range []bool{false, true} {
		n := newNode(t, (&shop{}).mount, func(c *live.Config) {
			c.Manager.MaxSessionsPerIP = 1
			if trusted {
				c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
			}
		})
		b := n.browser()
		for i, address := range []string{"198.51.100.1", "198.51.100.2"} {
			b.Header.Set("X-Forwarded-For", address)
			_, err := n.tryOpen(b, "")
			refused := livetest.CloseCode(err) == 1013
			if want := !trusted && i == 1; refused != want {
				t.Errorf("trusted %v, address %s: %v", trusted, address, err)
			}
		}
		b.Header.Set("X-Forwarded-For", "198.51.100.1")
		if _, err := n.tryOpen(b, ""); livetest.CloseCode(err) != 1013 {
			t.Errorf("trusted %v: a second session of an address: %v", trusted, err)
		}
	}
}

func TestOriginBehindATrustedProxy(t *testing.T) {
	n := newNode(t, (&shop{}).mount, func(c *live.Config) {
		c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	})
	b := n.browser()
	b.Header.Set("Origin", "https://shop.example")
	if _, err := n.tryOpen(b, ""); err == nil {
		t.Error("another origin than the host's is accepted")
	}
	b.Header.Set("X-Forwarded-Host", "shop.example")
	n.open(b, "")
}
