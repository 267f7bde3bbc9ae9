package testserver

import (
	"fmt"
	"testing"
)

const redisPackage = "redis-server"

// StartRedis starts a Redis server that needs no password, with further arguments if any, such as "--maxmemory", "10mb".
// Acknowledged writes survive Kill: its append-only file is written and synced before each answer.
func StartRedis(tb testing.TB, args ...string) *Server {
	tb.Helper()
	s, err := newRedis(args...)
	return private(tb, s, err)
}

func newRedis(args ...string) (*Server, error) {
	s, port, err := prepareRedis("redis")
	if err != nil {
		return nil, err
	}
	s.url = "redis://" + s.addr + "/0"
	s.cmd.args = append(append(s.cmd.args, "--port", fmt.Sprint(port)), args...)
	return launch(s)
}

// prepareRedis returns what all kinds of Redis server have in common, except for the port.
func prepareRedis(name string) (s *Server, port int, err error) {
	bin, err := find("redis-server", redisPackage)
	if err != nil {
		return nil, 0, err
	}
	dir, err := newDir(name, nil)
	if err != nil {
		return nil, 0, err
	}
	if port, err = newPort(); err != nil {
		return nil, 0, err
	}
	s = &Server{
		addr: hostPort(port),
		cmd: command{name: name, bin: bin, dir: dir, args: []string{
			"--dir", dir, "--bind", hostIP(), "--replica-announce-ip", hostIP(), "--protected-mode", "no", "--daemonize", "no",
			"--save", "", "--appendonly", "yes", "--appendfsync", "always",
		}},
	}
	s.probe = login{addr: s.addr}.ping
	return s, port, nil
}

// Redis runs a command on a server that is Redis without TLS, and returns a reply that is a string or a number, else "".
func (s *Server) Redis(args ...string) (string, error) {
	return login{addr: s.addr}.do(args...)
}
