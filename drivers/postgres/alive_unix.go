//go:build unix

package postgres

import (
	"crypto/tls"
	"net"
	"syscall"
)

// readable reports whether bytes, or the end of them, wait in a connection. It neither blocks nor takes any.
func readable(conn net.Conn) bool {
	if secured, ok := conn.(*tls.Conn); ok {
		conn = secured.NetConn()
	}
	raw, ok := conn.(syscall.Conn)
	if !ok {
		return false
	}
	control, err := raw.SyscallConn()
	if err != nil {
		return true
	}
	waiting := true
	err = control.Control(func(fd uintptr) {
		_, _, err := syscall.Recvfrom(int(fd), make([]byte, 1), syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		waiting = err != syscall.EAGAIN && err != syscall.EINTR
	})
	return waiting || err != nil
}
