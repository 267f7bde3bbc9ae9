package proxy

import (
	"errors"
	"net"
	"net/http"
	"time"
)

// errNoNode says that no node is live.
var errNoNode = errors.New("proxy: no node is running")

// transport sends a request to the process that serves the browser, and to the next one if that does not answer.
type transport struct {
	nodes  Nodes
	cookie string
	sticky *sticky
	base   http.RoundTripper
}

func newTransport(nodes Nodes, cookie string) *transport {
	return &transport{nodes: nodes, cookie: cookie, sticky: newSticky(), base: &http.Transport{
		DialContext:         (&net.Dialer{Timeout: 2 * time.Second}).DialContext,
		MaxIdleConnsPerHost: 64,
		IdleConnTimeout:     30 * time.Second,
	}}
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	live := t.nodes.Live()
	bucket, known := t.bucket(r)
	t.sticky.order(bucket, live)
	err := errNoNode
	for _, p := range live {
		out := r.Clone(r.Context())
		out.URL.Host = p.Addr
		var resp *http.Response
		if resp, err = t.base.RoundTrip(out); err == nil {
			if known {
				t.sticky.settle(bucket, p)
			}
			return resp, nil
		}
		if !again(r) {
			break
		}
	}
	return nil, err
}

// bucket returns the group of the browser that sent r, and whether r says who that is.
func (t *transport) bucket(r *http.Request) (int, bool) {
	c, err := r.Cookie(t.cookie)
	if err != nil || c.Value == "" {
		return 0, false
	}
	return t.sticky.bucket(c.Value), true
}

// again reports whether r may be sent once more: it changes nothing, and has no body that may be half read.
func again(r *http.Request) bool {
	return r.Context().Err() == nil && (r.Method == http.MethodGet || r.Method == http.MethodHead) &&
		(r.Body == nil || r.Body == http.NoBody)
}
