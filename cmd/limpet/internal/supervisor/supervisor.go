// Package supervisor keeps a fixed number of node processes running: it restarts one that dies, and ends them all
// when it ends.
package supervisor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os/exec"
	"slices"
	"sync"
	"time"
)

// Config says what to run.
type Config struct {
	// Nodes is how many nodes to run. They are numbered from 1.
	Nodes int

	// Command builds the command of one run of a node. Stdin, ExtraFiles, SysProcAttr and WaitDelay are the
	// supervisor's. It is called from several goroutines at once.
	Command func(node int) *exec.Cmd

	// Hello is the line a node reads first: its settings, secrets too, which a command line would show to
	// everyone. It must hold no line end. It is called from several goroutines at once.
	Hello func(node int) []byte

	// StartTimeout is how long a node may take until it is ready; it is killed then. Zero means 30 s.
	StartTimeout time.Duration

	// DrainTimeout is how long a node may take to end by itself at shutdown. Zero means 12 s.
	DrainTimeout time.Duration

	// Logger is told of starts and deaths. nil means none.
	Logger *slog.Logger
}

// Process is one run of a node that is ready to serve.
type Process struct {
	Node int
	PID  int
	Addr string
}

// Supervisor runs the nodes. Its methods are safe for concurrent use.
type Supervisor struct {
	cfg     Config
	forker  *forker
	keepers []*keeper
	stop    chan struct{} // closed when no node is to be started any more
	cut     chan struct{} // closed when draining has taken too long
	wg      sync.WaitGroup

	stopOnce, cutOnce, endOnce sync.Once
}

// Start begins to run the nodes and returns at once; WaitReady waits for them.
func Start(cfg Config) *Supervisor {
	if cfg.StartTimeout <= 0 {
		cfg.StartTimeout = 30 * time.Second
	}
	if cfg.DrainTimeout <= 0 {
		cfg.DrainTimeout = 12 * time.Second
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Supervisor{cfg: cfg, forker: newForker(), stop: make(chan struct{}), cut: make(chan struct{})}
	for node := 1; node <= cfg.Nodes; node++ {
		k := &keeper{s: s, node: node, tried: make(chan struct{})}
		s.keepers = append(s.keepers, k)
		s.wg.Go(k.run)
	}
	return s
}

// WaitReady returns when every node was ready once. It fails when a node's first run ended before that; the
// supervisor goes on trying until Shutdown.
func (s *Supervisor) WaitReady(ctx context.Context) error {
	for _, k := range s.keepers {
		select {
		case <-k.tried:
			if k.tryErr != nil {
				return k.tryErr
			}
		case <-s.stop:
			return errors.New("supervisor: stopped")
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// Live returns the processes that are ready, ordered by node. The slice is the caller's.
func (s *Supervisor) Live() []Process {
	live := make([]Process, 0, len(s.keepers))
	for _, k := range s.keepers {
		if p, ok := k.serving(); ok {
			live = append(live, p)
		}
	}
	return live
}

// Kill ends the process of a node as a crash would, without warning. It is an error when the node does not run.
func (s *Supervisor) Kill(node int) error {
	i := slices.IndexFunc(s.keepers, func(k *keeper) bool { return k.node == node })
	if i < 0 {
		return fmt.Errorf("supervisor: there is no node %d", node)
	}
	return s.keepers[i].kill()
}

// Shutdown asks every node to end and waits until they have. Those that take longer than the drain timeout, or than
// ctx lasts, are killed. The error says how many that were, and which nodes ended otherwise than with code 0: a node
// that could not save everything ends so. A repeated call waits for the first.
func (s *Supervisor) Shutdown(ctx context.Context) error {
	s.stopOnce.Do(func() { close(s.stop) })
	done := make(chan struct{})
	go func() {
		s.wg.Wait()
		close(done)
	}()
	limit := time.NewTimer(s.cfg.DrainTimeout)
	defer limit.Stop()
	select {
	case <-done:
	case <-limit.C:
		s.cutOnce.Do(func() { close(s.cut) })
	case <-ctx.Done():
		s.cutOnce.Do(func() { close(s.cut) })
	}
	<-done
	s.endOnce.Do(s.forker.close)
	return s.undrained()
}

// stopping reports whether Shutdown was called.
func (s *Supervisor) stopping() bool {
	select {
	case <-s.stop:
		return true
	default:
		return false
	}
}

// ending is how a process ended that was asked to.
type ending int

const (
	well   ending = iota
	failed        // with another code than 0
	killed        // since it did not
)

func (s *Supervisor) undrained() error {
	nodes := map[ending]int{}
	for _, k := range s.keepers {
		nodes[k.ending]++
	}
	var errs []error
	if n := nodes[killed]; n > 0 {
		errs = append(errs, fmt.Errorf("supervisor: %d of %d nodes did not end in time and were killed", n, len(s.keepers)))
	}
	if n := nodes[failed]; n > 0 {
		errs = append(errs, fmt.Errorf("supervisor: %d of %d nodes failed while they ended: the log says what was not saved", n, len(s.keepers)))
	}
	return errors.Join(errs...)
}
