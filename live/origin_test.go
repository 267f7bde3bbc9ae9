package live_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/limpet-go/limpet/live"
)

// Whoever is on the way can write a page of the plain scheme.
func TestAPlainPageMayNotOpenTheSocketOfAnEncryptedOne(t *testing.T) {
	host, err := live.NewHost(live.Config{Key: testKey})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewTLSServer(host.Page((&shop{}).mount))
	defer srv.Close()
	for scheme, want := range map[string]int{"http": http.StatusForbidden, "https": http.StatusSwitchingProtocols} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+"/?limpet=ws", nil)
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range map[string]string{
			"Origin": scheme + "://" + srv.Listener.Addr().String(), "Connection": "Upgrade", "Upgrade": "websocket",
			"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
		} {
			req.Header.Set(name, value)
		}
		res, err := srv.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%s: status %d, want %d", scheme, res.StatusCode, want)
		}
	}
	if err := host.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}
