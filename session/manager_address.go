package session

import (
	"encoding/binary"
	"net/netip"
	"strings"
)

// address is where a client is, in a form that takes little memory: the text only of what is no IP address, or is not
// written as addresses are.
type address struct {
	hi, lo uint64 // an IPv4 address is in lo
	kind   addressKind
	text   string // empty if String gives it from the bits
}

type addressKind uint8

const (
	noAddress addressKind = iota
	ipv4
	ipv6
	otherAddress // compared as text
)

// parseAddress reads what a host says of a client: without zone, IPv4 as such.
func parseAddress(s string) address {
	if s == "" {
		return address{}
	}
	ip, err := netip.ParseAddr(s)
	if err != nil {
		return address{kind: otherAddress, text: strings.Clone(s)}
	}
	ip = ip.Unmap().WithZone("")
	a := address{kind: ipv6}
	if ip.Is4() {
		b := ip.As4()
		a.kind, a.lo = ipv4, uint64(binary.BigEndian.Uint32(b[:]))
	} else {
		b := ip.As16()
		a.hi, a.lo = binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])
	}
	var buf [64]byte
	if string(ip.AppendTo(buf[:0])) != s {
		a.text = strings.Clone(s)
	}
	return a
}

// String returns the text it was parsed from.
func (a address) String() string {
	if a.text != "" || a.kind == noAddress {
		return a.text
	}
	var b [16]byte
	if a.kind == ipv4 {
		binary.BigEndian.PutUint32(b[:], uint32(a.lo))
		return netip.AddrFrom4([4]byte(b[:4])).String()
	}
	binary.BigEndian.PutUint64(b[:8], a.hi)
	binary.BigEndian.PutUint64(b[8:], a.lo)
	return netip.AddrFrom16(b).String()
}

// key returns the form in which addresses are compared: of IPv6 only the leading bits (all, if there are none so
// many or it is negative), of what is no address the text.
func (a address) key(bits int) address {
	switch {
	case a.kind == otherAddress:
		return a
	case a.kind == ipv6 && bits >= 0 && bits <= 64:
		a.hi, a.lo = a.hi&^(^uint64(0)>>bits), 0
	case a.kind == ipv6 && bits > 64 && bits < 128:
		a.lo &^= ^uint64(0) >> (bits - 64)
	}
	a.text = ""
	return a
}
