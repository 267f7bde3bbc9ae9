package testserver

import (
	"fmt"
	"net"
	"testing"
	"time"
)

// StartProgram starts a program of the test's own as a server. Its last argument is the address at which it must listen on
// TCP; it is ready when it accepts. It works in a folder of its own and has no environment but PATH and HOME. The store
// URL is empty.
func StartProgram(tb testing.TB, path string, args ...string) *Server {
	tb.Helper()
	s, err := newProgram(path, args...)
	return private(tb, s, err)
}

func newProgram(path string, args ...string) (*Server, error) {
	dir, err := newDir("program", nil)
	if err != nil {
		return nil, err
	}
	port, err := newPort()
	if err != nil {
		return nil, err
	}
	addr := hostPort(port)
	return launch(&Server{
		addr:  addr,
		cmd:   command{name: "program", bin: path, dir: dir, args: append(args, addr)},
		probe: func() error { return probeListener(addr) },
	})
}

func probeListener(addr string) error {
	conn, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return fmt.Errorf("it does not listen: %w", err)
	}
	return conn.Close()
}
