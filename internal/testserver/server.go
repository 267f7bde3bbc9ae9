package testserver

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"
)

// readyTimeout is generous: a machine that runs several packages' tests at once is slow.
const readyTimeout = time.Minute

// Server is a private server of one test. It keeps its address and its data for as long as the test runs. Its methods
// may be called at once, though Kill, Start, Pause and Resume take turns.
type Server struct {
	addr, url, caFile string
	cmd               command
	probe             func() error // returns nil once the server answers
	cleanup           func()       // after the last of its processes; may be nil

	mu   sync.Mutex
	proc *process // nil while it is down
}

// URL returns the store URL.
func (s *Server) URL() string { return s.url }

// Addr returns host:port.
func (s *Server) Addr() string { return s.addr }

// CAFile returns the path of the PEM file with the certificate that clients must trust, if the server speaks TLS, else "".
func (s *Server) CAFile() string { return s.caFile }

// Kill ends every process of the server with SIGKILL and returns when they are gone. A server that is down stays so.
func (s *Server) Kill(tb testing.TB) {
	tb.Helper()
	check(tb, s.kill())
}

// Start starts a killed server again, on the same data and address, and returns when it answers.
func (s *Server) Start(tb testing.TB) {
	tb.Helper()
	check(tb, s.start())
}

// Pause stops every process of the server with SIGSTOP: until Resume it accepts connections and answers nothing.
func (s *Server) Pause(tb testing.TB) {
	tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proc == nil {
		tb.Fatalf("testserver: pause %s: it is down", s.cmd.name)
	}
	check(tb, freeze(s.proc, s.cmd.dir))
}

// Resume undoes Pause. It does nothing to a server that is not paused.
func (s *Server) Resume(tb testing.TB) {
	tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	check(tb, thaw(s.cmd.dir))
}

// launch starts a new server, or leaves nothing of it.
func launch(s *Server) (*Server, error) {
	register(s)
	if err := s.start(); err != nil {
		s.remove()
		return nil, err
	}
	return s, nil
}

// private hands a new server to a test, or ends the test.
func private(tb testing.TB, s *Server, err error) *Server {
	tb.Helper()
	check(tb, err)
	tb.Cleanup(s.remove)
	return s
}

func (s *Server) start() error {
	if err := s.spawn(); err != nil {
		return err
	}
	return s.awaitReady()
}

func (s *Server) spawn() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proc != nil {
		return fmt.Errorf("testserver: start %s: it is running", s.cmd.name)
	}
	proc, err := spawn(s.cmd)
	if err != nil {
		return fmt.Errorf("testserver: start %s: %w", s.cmd.name, err)
	}
	s.proc = proc
	return nil
}

func (s *Server) awaitReady() error {
	s.mu.Lock()
	proc := s.proc
	s.mu.Unlock()
	if proc == nil {
		return fmt.Errorf("testserver: start %s: it was killed meanwhile", s.cmd.name)
	}
	if err := poll(readyTimeout, proc.exited, s.probe); err != nil {
		return fmt.Errorf("testserver: start %s: %w\n%s", s.cmd.name, err, s.cmd.logTail())
	}
	return nil
}

func (s *Server) kill() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proc == nil {
		return nil
	}
	if err := s.proc.kill(s.cmd.dir); err != nil {
		return fmt.Errorf("testserver: kill %s: %w", s.cmd.name, err)
	}
	s.proc = nil
	return nil
}

// remove ends the server for good. What cannot be removed is left to the sweep of a later run.
func (s *Server) remove() {
	unregister(s)
	if s.kill() == nil && s.cleanup != nil {
		s.cleanup()
	}
	_ = os.RemoveAll(s.cmd.dir)
}

// arg returns the argument that follows this one on the command line.
func (s *Server) arg(name string) string {
	if i := slices.Index(s.cmd.args, name); i >= 0 && i+1 < len(s.cmd.args) {
		return s.cmd.args[i+1]
	}
	return ""
}

// find returns the path of a program that is in PATH or matches one of the patterns, the last in order of names.
func find(program, debian string, folders ...string) (string, error) {
	for _, folder := range append([]string{"/usr/local/bin", "/usr/bin", "/usr/sbin", "/usr/local/sbin"}, folders...) {
		found, _ := filepath.Glob(filepath.Join(folder, program))
		if len(found) > 0 {
			return found[len(found)-1], nil
		}
	}
	return "", missing(program, debian)
}

var errExited = errors.New("it exited")

// poll calls probe until it returns nil; with its last error after the given time, and at once when ended is closed.
func poll(most time.Duration, ended <-chan struct{}, probe func() error) error {
	deadline := time.Now().Add(most)
	wait := time.Millisecond
	for {
		err := probe()
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("not ready after %v: %w", most, err)
		}
		select {
		case <-ended:
			return errExited
		case <-time.After(wait):
		}
		wait = min(2*wait, 20*time.Millisecond)
	}
}
