package session

import (
	"context"
	"errors"
	"fmt"

	"github.com/limpet-go/limpet/internal/lifecycle"
	"github.com/limpet-go/limpet/internal/persist"
)

// Sync returns when the session's state, as it was when Sync was called or newer, is durable. It takes the
// Snapshot in this goroutine with this ctx, so that it can be called on the session's own loop. Without a
// Snapshot, or without a store, there is nothing newer to save than what the manager has.
//
// The errors: ErrSessionNotFound, ErrSessionExpired, ErrSessionRemoved, ErrStateLost, ErrManagerStopped, a
// *SizeError, the context's error, or that of Snapshot.
func (m *Manager) Sync(ctx context.Context, sessionID string) error {
	done, err := m.syncBegin(ctx, sessionID)
	if err != nil || done == nil {
		return err
	}
	select {
	case err = <-done:
	case <-ctx.Done():
		err = ctx.Err()
		if last := m.pipe.Stats().LastErr; last != nil {
			err = fmt.Errorf("%w (the store's last error: %w)", err, last)
		}
	}
	switch {
	case errors.Is(err, persist.ErrDeleted):
		return ErrSessionRemoved
	case errors.Is(err, persist.ErrExpired) && !m.alive(sessionID):
		return ErrSessionExpired
	case errors.Is(err, persist.ErrOverflow):
		return fmt.Errorf("session: sync: %w", ErrStateLost)
	case err != nil:
		return fmt.Errorf("session: sync: %w", err)
	}
	return nil
}

// alive reports whether a session is in memory and has not expired.
func (m *Manager) alive(id string) bool {
	m.mu.Lock()
	defer m.unlock()
	return m.live(id, m.now()) != nil
}

// syncBegin puts the state in the pipeline and returns what tells that it is durable; nil when it is already.
func (m *Manager) syncBegin(ctx context.Context, id string) (<-chan error, error) {
	m.mu.Lock()
	defer m.unlock()
	for {
		rec := m.live(id, m.now())
		switch {
		case m.phase != running:
			return nil, ErrManagerStopped
		case rec == nil:
			return m.syncUnknown(id)
		case rec.state != lifecycle.Connected || rec.conn.snapshot == nil:
			return m.syncKnown(rec)
		}
		c := rec.conn
		err := m.apply(c, m.take(ctx, c))
		switch {
		case err == nil:
			return m.syncKnown(rec)
		case ctx.Err() != nil:
			return nil, fmt.Errorf("session: sync: %w", ctx.Err())
		case !errors.Is(err, errOvertaken) && !errors.Is(err, errSuperseded):
			return nil, fmt.Errorf("session: sync: snapshot: %w", err)
		}
	}
}

func (m *Manager) syncUnknown(id string) (<-chan error, error) {
	if m.pipe != nil && !m.removed(id) {
		if done := m.pipe.Await(id); done != nil {
			return done, nil
		}
	}
	return nil, m.missing(id)
}

// syncKnown waits for the newest known state, which may have been given up before.
func (m *Manager) syncKnown(rec *record) (<-chan error, error) {
	if m.pipe == nil || m.window() == 0 {
		return nil, nil
	}
	if rec.seq == 0 && rec.data != nil {
		switch rec.state {
		case lifecycle.Detached, lifecycle.Held:
			return m.saveWait(rec, rec.windowEnd(), nil), nil
		case lifecycle.Connected:
			return m.saveWait(rec, m.connectedUntil(), rec.conn), nil
		}
	}
	if done := m.pipe.Await(rec.id); done != nil {
		return done, nil
	}
	if rec.size >= 0 && rec.seq == 0 && rec.state != lifecycle.Borrowed {
		return nil, fmt.Errorf("session: sync: %w", ErrStateLost)
	}
	return nil, nil
}
