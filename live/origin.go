package live

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// originAllowed reports whether the script that opens the socket may do so: it comes from the page's own host or
// from an allowed origin. Every browser names the origin; a client that names none is no browser, and carries
// only cookies of its own.
func (h *Host) originAllowed(r *http.Request) bool {
	origins := r.Header.Values("Origin")
	if len(origins) == 0 {
		return true
	}
	if len(origins) > 1 {
		return false
	}
	if slices.ContainsFunc(h.cfg.AllowedOrigins, func(o string) bool { return strings.EqualFold(o, origins[0]) }) {
		return true
	}
	u, err := url.Parse(origins[0])
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return false
	}
	if u.Scheme == "http" && h.proxies.secure(r) { // anyone on the way may have written that page
		return false
	}
	return strings.EqualFold(bareHost(u.Host, u.Scheme), bareHost(h.proxies.host(r), u.Scheme))
}

// bareHost drops the scheme's own port, which browsers leave out.
func bareHost(host, scheme string) string {
	if scheme == "https" {
		return strings.TrimSuffix(host, ":443")
	}
	return strings.TrimSuffix(host, ":80")
}
