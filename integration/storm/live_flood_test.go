package storm_test

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/limpet-go/limpet/integration/storm"
	"github.com/limpet-go/limpet/live/livetest"
)

const liveFlooders = 32

// liveFlood asks for what is nobody's, from one address.
type liveFlood struct {
	browser         *livetest.Browser // with a cookie
	url             string
	forged, unknown atomic.Int64
	stop            context.CancelFunc
	flooders        sync.WaitGroup
}

func startLiveFlood(t *testing.T, transport http.RoundTripper, url string) *liveFlood {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	f := &liveFlood{browser: newTab(transport, "203.0.113.9").browser, url: url, stop: cancel}
	if _, err := f.browser.Get(ctx, url); err != nil {
		t.Fatal(err)
	}
	for i := range liveFlooders {
		f.flooders.Go(func() {
			for n := i; ctx.Err() == nil; n += liveFlooders {
				f.ask(ctx, n)
			}
		})
	}
	return f
}

func (f *liveFlood) end() {
	f.stop()
	f.flooders.Wait()
}

// ask makes one attempt. How it is answered does not matter to the one who floods.
func (f *liveFlood) ask(ctx context.Context, n int) {
	if n%2 == 0 {
		f.forged.Add(1)
		f.forge(ctx, n)
		return
	}
	f.unknown.Add(1)
	x := tab{browser: f.browser, part: strangerPart(n)}
	if _, err := x.attach(ctx, f.url); err == nil {
		_ = x.conn.Cut()
	}
}

// strangerPart returns what could be the part of a tab: 16 bytes in Base64.
func strangerPart(n int) string { return storm.StrangerID(3, n)[:21] + "A" }

// forge comes with a cookie that the node did not sign, and returns how the node closed the socket.
func (f *liveFlood) forge(ctx context.Context, n int) int {
	b := livetest.NewBrowser(f.browser.Client.Transport)
	b.Header = f.browser.Header.Clone()
	b.Header.Set("Cookie", "limpet="+storm.StrangerID(1, n)+"."+storm.StrangerID(2, n))
	x := tab{browser: b, part: strangerPart(n)}
	_, err := x.attach(ctx, f.url)
	if err == nil {
		_ = x.conn.Cut()
	}
	return livetest.CloseCode(err)
}

// forgeOnly tries forged cookies while nobody else does anything: the store is not asked at all.
func (f *liveFlood) forgeOnly(t *testing.T, node *child, times int) {
	t.Helper()
	node.ask(storm.Command{Do: storm.DoLoad})
	for n := range times {
		if code := f.forge(t.Context(), n); code != 4003 {
			t.Fatalf("a forged cookie: code %d, want 4003", code)
		}
	}
	if load := node.ask(storm.Command{Do: storm.DoLoad}).Load; load.Calls != 0 {
		t.Errorf("forged cookies made the store do %+v", load)
	}
}
