package storm

import (
	"context"
	"sync"
)

// gate stands before the saving of sessions. It is open unless told to hold.
type gate struct {
	mu      sync.Mutex
	left    int           // sessions that may still go through
	opened  chan struct{} // nil: nobody is held
	quiet   func()        // someone waits, and all that went through before has come back; nil once it was called
	waiting bool
	inside  int // calls
}

func (g *gate) hold(sessions int, quiet func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.left, g.quiet, g.opened = sessions, quiet, make(chan struct{})
}

func (g *gate) release() {
	g.mu.Lock()
	defer g.mu.Unlock()
	close(g.opened)
	g.opened, g.quiet = nil, nil
}

// enter returns when a call with so many sessions may go on, or with ctx. It reports which: leave belongs to the first.
func (g *gate) enter(ctx context.Context, sessions int) bool {
	for {
		opened := g.pass(sessions)
		if opened == nil {
			return true
		}
		select {
		case <-opened:
		case <-ctx.Done():
			return false // the call will fail
		}
	}
}

// pass lets a call through, or returns what to wait for.
func (g *gate) pass(sessions int) (opened <-chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.opened != nil && g.left <= 0 {
		g.waiting = true
		g.tell()
		return g.opened
	}
	g.left -= sessions
	g.inside++
	return nil
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inside--
	g.tell()
}

func (g *gate) tell() {
	if g.waiting && g.inside == 0 && g.quiet != nil {
		g.quiet()
		g.quiet = nil
	}
}
