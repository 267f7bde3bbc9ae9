package testserver

import (
	"fmt"
	"net"
	"os"
	"sync"
)

// hostIP is a loopback address of this process' own: a port that is free there is not taken by another package's tests
// before the server gets it.
var hostIP = sync.OnceValue(func() string {
	pid := os.Getpid()
	ip := fmt.Sprintf("127.%d.%d.%d", 1+pid>>14&0x7f, pid>>7&0x7f, 2+pid&0x7f)
	l, err := net.Listen("tcp", ip+":0")
	if err != nil {
		return "127.0.0.1" // systems other than Linux have no others
	}
	_ = l.Close()
	return ip
})

var given struct {
	sync.Mutex
	ports map[int]bool
}

// newPort returns a free port of hostIP, each once.
func newPort() (int, error) {
	given.Lock()
	defer given.Unlock()
	if given.ports == nil {
		given.ports = map[int]bool{}
	}
	for {
		l, err := net.Listen("tcp", hostIP()+":0")
		if err != nil {
			return 0, err
		}
		port := l.Addr().(*net.TCPAddr).Port
		if err := l.Close(); err != nil {
			return 0, err
		}
		if !given.ports[port] {
			given.ports[port] = true
			return port, nil
		}
	}
}

func hostPort(port int) string { return fmt.Sprintf("%s:%d", hostIP(), port) }
