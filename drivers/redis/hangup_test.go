package redis

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// hangingUp is a server that hangs up at the first command of each connection that is not part of the greeting. received
// tells which those were, and how often.
func hangingUp(t *testing.T) (addr string, received func() map[string]int) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var serving sync.WaitGroup
	counts := map[string]int{}
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer conn.Close()
				if command := greet(conn); command != "" {
					mu.Lock()
					defer mu.Unlock()
					counts[command]++
				}
			})
		}
	})
	t.Cleanup(func() {
		if err := listener.Close(); err != nil {
			t.Error(err)
		}
		serving.Wait()
	})
	return listener.Addr().String(), func() map[string]int {
		mu.Lock()
		defer mu.Unlock()
		return maps.Clone(counts)
	}
}

// greet answers the greeting as a very old server does, and returns the command after it.
func greet(conn net.Conn) string {
	r := bufio.NewReader(conn)
	for {
		command, err := readCommand(r)
		if err != nil {
			return ""
		}
		if command != "HELLO" && command != "CLIENT" {
			return command
		}
		if _, err := fmt.Fprint(conn, "-ERR unknown command\r\n"); err != nil {
			return ""
		}
	}
}

func readCommand(r *bufio.Reader) (name string, err error) {
	count, err := readSize(r, '*')
	if err != nil {
		return "", err
	}
	for i := range count {
		size, err := readSize(r, '$')
		if err != nil {
			return "", err
		}
		arg := make([]byte, size+2)
		if _, err := io.ReadFull(r, arg); err != nil {
			return "", err
		}
		if i == 0 {
			name = strings.ToUpper(string(arg[:size]))
		}
	}
	return name, nil
}

func readSize(r *bufio.Reader, kind byte) (int, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return 0, err
	}
	if line[0] != kind {
		return 0, fmt.Errorf("%q where %q was expected", line[0], kind)
	}
	return strconv.Atoi(strings.TrimSpace(line[1:]))
}
