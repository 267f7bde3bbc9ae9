package session

import (
	"context"
	"fmt"

	"github.com/limpet-go/limpet/internal/lifecycle"
)

// takeover ends the connection of a session for the sake of another one: the host does it (OnTakeover), else the
// manager takes a last snapshot, or what it knows.
func (m *Manager) takeover(rec *record) step {
	c := rec.conn
	if c.takeover != nil {
		return waitTakeover(c.takeover)
	}
	c.takeover = make(chan struct{})
	hook, id, held := m.cfg.OnTakeover, rec.name(), rec.state != lifecycle.Connected
	if held { // it has no loop yet that could be ended
		hook = nil
	}
	return func(ctx context.Context, _ ResumeOutcome) (*Attachment, bool, error) {
		defer m.endTakeover(c)
		if hook != nil {
			hook(ctx, id)
		}
		for {
			a, retry, err := m.supersede(ctx, c, held)
			if !retry {
				return a, err == nil, err
			}
		}
	}
}

// waitTakeover waits for the takeover under way; its winner is taken over next.
func waitTakeover(done <-chan struct{}) step {
	return func(ctx context.Context, _ ResumeOutcome) (*Attachment, bool, error) {
		select {
		case <-done:
			return nil, false, nil
		case <-ctx.Done():
			return nil, false, fmt.Errorf("session: resume: %w", ctx.Err())
		}
	}
}

func (m *Manager) endTakeover(c *connection) {
	m.mu.Lock()
	defer m.unlock()
	close(c.takeover)
	c.takeover = nil
}

// supersede ends a connection that the host did not end. It asks to be called again when another snapshot was
// taken in the meantime.
func (m *Manager) supersede(ctx context.Context, c *connection, held bool) (a *Attachment, retry bool, err error) {
	m.mu.Lock()
	defer m.unlock()
	if m.phase != running {
		return nil, false, ErrManagerStopped
	}
	if !m.isCurrent(c) {
		m.counts.takenOver++
		return nil, false, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, false, fmt.Errorf("session: resume: %w", err)
	}
	if c.rec.state != lifecycle.Connected {
		return m.inherit(c.rec), false, nil
	}
	if held { // it connected meanwhile: its host must be told
		return nil, false, nil
	}
	data, current := m.lastSnapshot(ctx, c)
	if !current {
		return nil, true, nil
	}
	if data == nil && c.rec.size < 0 {
		return nil, false, ErrSessionConnected
	}
	m.counts.takenOver++
	m.letGo(c.rec, m.contentOf(data))
	return nil, false, nil
}

// inherit passes a session that is only held on to another connection, window and all.
func (m *Manager) inherit(rec *record) *Attachment {
	m.counts.takenOver++
	return m.hold(rec, ResumedByTakeover, lifecycle.Resume)
}

// lastSnapshot takes a snapshot with the lock given back meanwhile. It reports whether the connection is still the
// one it was, with no other snapshot taken; nil data mean that none could be had.
func (m *Manager) lastSnapshot(ctx context.Context, c *connection) (data []byte, current bool) {
	if c.snapshot == nil {
		return nil, true
	}
	base := c.applied
	m.unlock()
	data, err := c.take(ctx)
	m.mu.Lock()
	if err != nil {
		m.warn(eventTakeoverFailed, c.rec.id, err)
		data = nil
	}
	return data, m.isCurrent(c) && c.applied == base && m.phase == running
}

// isCurrent reports whether a connection has its session still.
func (m *Manager) isCurrent(c *connection) bool {
	return c.rec.conn == c && c.rec.state.Attached()
}
