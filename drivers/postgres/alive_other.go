//go:build !unix

package postgres

import "net"

// readable cannot tell here; a connection that was closed is noticed when it is used.
func readable(net.Conn) bool { return false }
