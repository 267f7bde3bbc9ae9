package live

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// shutdownTimeout is for callers whose context has no deadline.
const shutdownTimeout = 10 * time.Second

// errStillBusy says that handlers did not return in time.
var errStillBusy = errors.New("handlers are still running")

// Shutdown ends the host. New sockets are refused, and the tabs are moved in waves: each goes on being served until it is
// its turn, and then its client is told to come back in 100 to 300 ms, the event that is being handled is finished, and
// once the state is in the store, but a second later at most, its socket is closed. A wave of 50 tabs every 50 ms keeps
// each user's outage short and spreads the load on the store and on other nodes; waves are larger when that would take
// more than half of the time that ctx leaves, and up to 50 tabs move at once. At last every session that is not in the
// store yet is saved.
//
// It waits until ctx ends, 10 seconds if that has no deadline; three quarters of the time are the handlers', whose
// contexts end then. An error says what was not saved: the *session.NotSavedError in it has the IDs, and slog logs it with
// the HashID of at most a hundred, if it is given the error itself and not one that wraps it. Calling Shutdown again
// tries again. After success a repeat is nil. The store is closed if it is the host's own. Pages are still served
// afterwards, without sockets.
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
		return &shutdownError{errors.Join(busy, err)}
	}
	if busy != nil {
		return &shutdownError{busy}
	}
	if h.store != nil {
		if err := h.store.Close(); err != nil {
			return &shutdownError{fmt.Errorf("close store: %w", err)}
		}
	}
	return nil
}

// drain ends every socket and waits until their loops have handed over their state.
func (h *Host) drain(ctx context.Context) error {
	left := remaining(ctx)
	ctx, cancel := context.WithTimeout(ctx, left*3/4)
	defer cancel()
	sockets, tabs := h.stopIntake()
	defer h.cancel()
	move(ctx, tabs, left/2)
	for _, s := range sockets {
		select {
		case <-s.done:
		case <-ctx.Done():
			return h.abandon(sockets)
		}
	}
	return nil
}

// stopIntake refuses new sockets and ends those that have no session yet. It returns what is left: the sockets, and the
// tabs among them that were not told to end.
func (h *Host) stopIntake() (sockets []*socket, tabs []*tab) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.draining = true
	for s := range h.sockets {
		sockets = append(sockets, s)
		if s.tab == nil {
			s.cut()
		} else if !s.tab.isEnding() {
			tabs = append(tabs, s.tab)
		}
	}
	return sockets, tabs
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

// remaining returns how much time ctx leaves.
func remaining(ctx context.Context) time.Duration {
	deadline, _ := ctx.Deadline()
	return max(0, time.Until(deadline))
}
