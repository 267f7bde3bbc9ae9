package live

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// proxies are the peers whose word about the client is taken.
type proxies []netip.Prefix

func (p proxies) trust(addr netip.Addr) bool {
	return slices.ContainsFunc(p, func(prefix netip.Prefix) bool { return prefix.Contains(addr.Unmap()) })
}

// fromTrusted reports whether a trusted proxy sent the request.
func (p proxies) fromTrusted(r *http.Request) bool {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && p.trust(peer.Addr())
}

// clientIP returns the address of the request's client: the peer's own, unless the peer is a trusted proxy. Then
// it is the last address in X-Forwarded-For that is not a trusted proxy's, since what stands before that one is
// the word of a stranger.
func (p proxies) clientIP(r *http.Request) string {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	client := peer.Addr().Unmap()
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !p.trust(client) {
			break
		}
		addr, ok := parseHop(strings.TrimSpace(hop))
		if !ok {
			break
		}
		client = addr
	}
	return client.String()
}

// parseHop reads an address; some proxies add the port.
func parseHop(text string) (netip.Addr, bool) {
	if hop, err := netip.ParseAddrPort(text); err == nil {
		return hop.Addr().Unmap(), true
	}
	addr, err := netip.ParseAddr(text)
	return addr.Unmap(), err == nil
}

// secure reports whether the client's own connection is encrypted.
func (p proxies) secure(r *http.Request) bool {
	return r.TLS != nil || p.forwarded(r, "X-Forwarded-Proto") == "https"
}

// host returns the host that the client asked for.
func (p proxies) host(r *http.Request) string {
	if host := p.forwarded(r, "X-Forwarded-Host"); host != "" {
		return host
	}
	return r.Host
}

// forwarded returns the first value of a forwarding header, or nothing if the peer is not trusted.
func (p proxies) forwarded(r *http.Request, header string) string {
	if !p.fromTrusted(r) {
		return ""
	}
	first, _, _ := strings.Cut(r.Header.Get(header), ",")
	return strings.ToLower(strings.TrimSpace(first))
}
