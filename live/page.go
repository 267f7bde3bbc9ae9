package live

import (
	"crypto/rand"
	"io"
	"net/http"
	"strconv"
	"sync"

	"github.com/limpet-go/limpet"
)

// page serves one live page: the document, the client script and the socket, all at the page's own path.
type page struct {
	host     *Host
	mount    Mount
	mistakes sync.Once // logged
}

func (p *page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	switch r.URL.Query().Get("limpet") {
	case "":
		p.document(w, r)
	case "js":
		serveScript(w, r)
	case "ws":
		p.socket(w, r)
	default:
		http.NotFound(w, r)
	}
}

// document renders the page for a session that is thrown away: no session is made for a visitor who opens no
// socket, such as a crawler.
func (p *page) document(w http.ResponseWriter, r *http.Request) {
	s := limpet.NewSession(rand.Text())
	s.SetRoute(r.URL.Path, nil)
	view, err := mountOn(s, p.mount)
	var html string
	if err == nil {
		html, err = render(view)
	}
	if err != nil {
		p.host.log.Error(eventPageNotRendered, "path", r.URL.Path, "error", err)
		http.Error(w, "internal server error", http.StatusInternalServerError)
		return
	}
	p.host.cookies.ensure(w, r, p.host.proxies.secure(r))
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Length", strconv.Itoa(len(html)))
	header.Set("X-Content-Type-Options", "nosniff")
	if r.Method != http.MethodHead {
		_, _ = io.WriteString(w, html) // a visitor who left needs no page
	}
}
