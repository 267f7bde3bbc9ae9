package demo

import (
	"errors"
	"fmt"
	"net"
	"syscall"
)

// listen opens the address people are to visit.
func listen(addr string) (net.Listener, error) {
	if _, _, err := net.SplitHostPort(addr); err != nil {
		return nil, fmt.Errorf("--addr %q: want host:port, such as 127.0.0.1:8080", addr)
	}
	ln, err := net.Listen("tcp", addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s is in use by another program: stop that, or choose another address with --addr", addr)
	case err != nil:
		return nil, fmt.Errorf("--addr %s cannot be used: %w", addr, err)
	}
	return ln, nil
}

// visitURL is what to type into a browser on this machine.
func visitURL(addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok {
		return "http://" + addr.String()
	}
	if tcp.IP.IsUnspecified() {
		return fmt.Sprintf("http://localhost:%d", tcp.Port)
	}
	return "http://" + tcp.String()
}

// local reports whether only programs on this machine can reach addr.
func local(addr net.Addr) bool {
	tcp, ok := addr.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}
