package live

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

const (
	shutdownTimeout = 10 * time.Second // of a caller that brings no deadline
	minComeBack     = 100 * time.Millisecond
	maxComeBack     = 4 * time.Second
	comeBackPerTab  = 4 * time.Millisecond
)

// errStillBusy says that handlers did not return in time.
var errStillBusy = errors.New("handlers are still running")

// Shutdown ends the host: new sockets are refused, each client is told to come back after a while of its own,
// events that are being handled are finished, and every session's final state is saved. It waits until ctx ends,
// 10 seconds if that has no deadline; three quarters of the time are the handlers', whose contexts end then.
//
// An error says what was not saved; calling Shutdown again tries again. After success a repeat is nil. The store
// is closed if it is the host's own. Pages are still served afterwards, without sockets.
func (h *Host) Shutdown(ctx context.Context) error {
	h.shutdown.Lock()
	defer h.shutdown.Unlock()
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, shutdownTimeout)
		defer cancel()
	}
	busy := h.drain(ctx)
	if err := h.manager.Shutdown(ctx); err != nil {
		return fmt.Errorf("live: shut down: %w", errors.Join(busy, err))
	}
	if busy != nil {
		return fmt.Errorf("live: shut down: %w", busy)
	}
	if h.store != nil {
		if err := h.store.Close(); err != nil {
			return fmt.Errorf("live: shut down: close store: %w", err)
		}
	}
	return nil
}

// drain ends every socket and waits until their loops have handed over their state.
func (h *Host) drain(ctx context.Context) error {
	ctx, cancel := context.WithDeadline(ctx, threeQuarters(ctx))
	defer cancel()
	sockets := h.stopIntake()
	defer h.cancel()
	for _, s := range sockets {
		select {
		case <-s.done:
		case <-ctx.Done():
			return h.abandon(sockets)
		}
	}
	return nil
}

// stopIntake refuses new sockets and asks the present ones to end.
func (h *Host) stopIntake() []*socket {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.draining = true
	spread := min(maxComeBack, time.Duration(len(h.sockets))*comeBackPerTab)
	sockets := make([]*socket, 0, len(h.sockets))
	for s := range h.sockets {
		sockets = append(sockets, s)
		if s.tab == nil {
			s.cut() // nothing is attached yet
			continue
		}
		s.tab.out.comeBack((minComeBack + rand.N(spread+1)).Milliseconds())
		s.tab.end(endRestart)
	}
	return sockets
}

// abandon ends the contexts of handlers and breaks the connections, and gives the handlers a last moment.
func (h *Host) abandon(sockets []*socket) error {
	h.cancel()
	last := time.NewTimer(closeTimeout)
	defer last.Stop()
	for _, s := range sockets {
		s.cut()
	}
	for _, s := range sockets {
		select {
		case <-s.done:
		case <-last.C:
			return errStillBusy
		}
	}
	return nil
}

func threeQuarters(ctx context.Context) time.Time {
	deadline, _ := ctx.Deadline()
	return time.Now().Add(time.Until(deadline) * 3 / 4)
}
