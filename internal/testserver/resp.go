package testserver

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// login is how to reach a Redis server.
type login struct {
	addr           string
	user, password string      // none if empty
	tls            *tls.Config // nil: no TLS
}

// do runs one command on a connection of its own. A reply that is no string or number comes back as "".
func (l login) do(args ...string) (string, error) {
	conn, err := l.dial()
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(2 * time.Second)); err != nil {
		return "", err
	}
	r := bufio.NewReader(conn)
	if l.password != "" {
		if _, err := exchange(conn, r, "AUTH", l.user, l.password); err != nil {
			return "", err
		}
	}
	return exchange(conn, r, args...)
}

func (l login) dial() (net.Conn, error) {
	dialer := &net.Dialer{Timeout: time.Second}
	if l.tls != nil {
		return tls.DialWithDialer(dialer, "tcp", l.addr, l.tls)
	}
	return dialer.Dial("tcp", l.addr)
}

func (l login) ping() error {
	reply, err := l.do("PING")
	if err == nil && reply != "PONG" {
		err = fmt.Errorf("answered PING with %q", reply)
	}
	return err
}

func exchange(w io.Writer, r *bufio.Reader, args ...string) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(args))
	for _, arg := range args {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(arg), arg)
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return "", err
	}
	line, err := r.ReadString('\n')
	if err != nil {
		return "", err
	}
	line = strings.TrimSuffix(line, "\r\n")
	if line == "" {
		return "", errors.New("an empty reply")
	}
	switch kind, rest := line[0], line[1:]; kind {
	case '-':
		return "", errors.New(rest)
	case '$':
		return bulk(r, rest)
	case '+', ':':
		return rest, nil
	}
	return "", nil
}

func bulk(r io.Reader, size string) (string, error) {
	n, err := strconv.Atoi(size)
	if err != nil || n < 0 || n > 1<<24 {
		return "", err
	}
	text := make([]byte, n)
	_, err = io.ReadFull(r, text)
	return string(text), err
}
