package supervisor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// keeper keeps one node running.
type keeper struct {
	s       *Supervisor
	node    int
	tryOnce sync.Once
	tried   chan struct{} // closed once tryErr is set
	tryErr  error         // how the first start went
	ending  ending        // of the last process, when it was asked to end; read after run returned

	mu      sync.Mutex
	running *process // nil between two runs
	addr    string   // empty until the run is ready
}

// run starts the node again and again until the supervisor stops, then drains it.
func (k *keeper) run() {
	deaths := 0
	for {
		served := k.runOnce()
		if served >= steady {
			deaths = 0
		}
		deaths++
		if !k.rest(pause(deaths)) {
			return
		}
	}
}

// rest waits and reports whether to go on.
func (k *keeper) rest(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-k.s.stop:
		return false
	case <-timer.C:
	}
	return !k.s.stopping()
}

// runOnce runs one process to its end and returns how long it served.
func (k *keeper) runOnce() time.Duration {
	p, err := spawn(k.s.forker, k.s.cfg.Command(k.node), k.s.cfg.Hello(k.node))
	if err != nil {
		k.s.cfg.Logger.Error("node not started", "node", k.node, "error", err)
		k.started(err)
		return 0
	}
	k.set(p, "")
	defer k.set(nil, "")
	addr, ok := k.awaitReady(p)
	if !ok {
		return 0
	}
	k.set(p, addr)
	k.started(nil)
	k.s.cfg.Logger.Info("node ready", "node", k.node, "pid", p.pid())
	since := time.Now()
	select {
	case <-p.exited:
		if !k.s.stopping() {
			k.s.cfg.Logger.Warn("node died", "node", k.node, "pid", p.pid(), "how", p.end())
			break
		}
		k.drain(p) // which is over
	case <-k.s.stop:
		k.drain(p)
	}
	return time.Since(since)
}

// awaitReady returns the node's address, or false when the process ended first.
func (k *keeper) awaitReady(p *process) (string, bool) {
	late := time.NewTimer(k.s.cfg.StartTimeout)
	defer late.Stop()
	var addr string
	var ok bool
	select {
	case addr, ok = <-p.ready:
	case <-late.C:
		k.s.cfg.Logger.Error("node not ready in time", "node", k.node, "pid", p.pid(), "limit", k.s.cfg.StartTimeout)
	case <-k.s.stop:
		k.drain(p)
		return "", false
	}
	if ok {
		return addr, true
	}
	if !waitFor(p.exited, time.Second) {
		p.kill() // it gave up its pipe and lives on, or it is late
	}
	<-p.exited
	k.s.cfg.Logger.Error("node died before it was ready", "node", k.node, "pid", p.pid(), "how", p.end())
	k.started(fmt.Errorf("supervisor: node %d ended before it was ready: %s", k.node, p.end()))
	return "", false
}

func waitFor(done <-chan struct{}, most time.Duration) bool {
	limit := time.NewTimer(most)
	defer limit.Stop()
	select {
	case <-done:
		return true
	case <-limit.C:
		return false
	}
}

// drain has a node save everything and end, and notes whether it did. One that was not ready yet had nothing to save.
func (k *keeper) drain(p *process) {
	_, ready := k.serving()
	level := slog.LevelInfo
	switch {
	case p.drain(k.s.cut):
		k.ending, level = killed, slog.LevelError
	case p.err != nil && ready:
		k.ending, level = failed, slog.LevelError
	}
	k.s.cfg.Logger.Log(context.Background(), level, "node ended", "node", k.node, "pid", p.pid(), "how", p.end())
}

// started notes how the first start went.
func (k *keeper) started(err error) {
	k.tryOnce.Do(func() {
		k.tryErr = err
		close(k.tried)
	})
}

func (k *keeper) set(p *process, addr string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.running, k.addr = p, addr
}

func (k *keeper) serving() (Process, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.running == nil || k.addr == "" {
		return Process{}, false
	}
	return Process{Node: k.node, PID: k.running.pid(), Addr: k.addr}, true
}

func (k *keeper) kill() error {
	k.mu.Lock()
	p := k.running
	k.mu.Unlock()
	if p == nil {
		return errors.New("supervisor: the node is not running")
	}
	return p.kill()
}
