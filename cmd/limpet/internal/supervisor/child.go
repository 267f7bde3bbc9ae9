package supervisor

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// readyFD is where a node writes its address.
const readyFD = 3

// maxHello bounds the first line a node reads.
const maxHello = 64 << 10

// Link is a node's end of what ties it to its supervisor: a pipe that brings its settings and then stays open as
// long as the supervisor lives, and one that carries the node's address back.
type Link struct {
	in    *bufio.Reader
	ready io.WriteCloser
}

// OpenLink finds the pipes that the supervisor gave this process. It is an error in a process that no supervisor
// started.
func OpenLink(stdin io.Reader) (*Link, error) {
	ready := os.NewFile(readyFD, "ready")
	if ready == nil {
		return nil, errors.New("supervisor: not started by a supervisor")
	}
	if info, err := ready.Stat(); err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		return nil, errors.New("supervisor: not started by a supervisor")
	}
	return &Link{in: bufio.NewReaderSize(stdin, maxHello), ready: ready}, nil
}

// Hello reads the settings: one line, without its end.
func (l *Link) Hello() ([]byte, error) {
	line, err := l.in.ReadSlice('\n')
	if err != nil {
		return nil, fmt.Errorf("supervisor: reading the node's settings: %w", err)
	}
	return line[:len(line)-1], nil
}

// Ready tells the supervisor that this node serves on addr. Call it once.
func (l *Link) Ready(addr string) error {
	_, err := fmt.Fprintln(l.ready, addr)
	if err := errors.Join(err, l.ready.Close()); err != nil {
		return fmt.Errorf("supervisor: telling the node's address: %w", err)
	}
	return nil
}

// UntilOrphaned returns a context that ends when parent does or the supervisor is gone. Call it after Hello. Its
// goroutine lives as long as the supervisor's end of the pipe: for the life of the process.
func (l *Link) UntilOrphaned(parent context.Context) context.Context {
	ctx, cancel := context.WithCancel(parent)
	go func() {
		defer cancel()
		io.Copy(io.Discard, l.in)
	}()
	return ctx
}
