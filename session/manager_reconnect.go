package session

import (
	"context"
	"slices"
	"time"

	"github.com/limpet-go/limpet/internal/lifecycle"
)

// reconnectHere connects a session that is detached with its state in memory, which is what most reconnects find: it
// takes the lock once. It reports whether it did; if not, nothing happened.
func (m *Manager) reconnectHere(id string) (*ManagedSession, []byte, bool) {
	found, data, ok := m.connectHere(id, &connection{})
	if !ok {
		return nil, nil, false
	}
	sess := found.session(id)
	return &sess, slices.Clone(data), true
}

func (m *Manager) connectHere(id string, c *connection) (found view, data []byte, ok bool) {
	m.mu.Lock()
	defer m.unlock()
	rec := m.live(id, m.now())
	if m.phase != running || rec == nil || rec.state != lifecycle.Detached || rec.data == nil && m.pipe != nil {
		return view{}, nil, false
	}
	m.link(rec, c, lifecycle.Register)
	m.settle(c)
	return m.view(rec), rec.data, true
}

// view is what is known of a session, to be put into words once the lock is given back.
type view struct {
	client
	state                      lifecycle.State
	lastActive, disconnectedAt time.Time
	snapshot                   func(context.Context) ([]byte, error)
	onDurable                  func([]byte)
	data                       []byte // of a detached one; nobody changes these bytes
}

// view looks at a session in memory.
func (m *Manager) view(rec *record) view {
	v := view{client: rec.client(), state: rec.state, lastActive: m.at(rec.lastActive)}
	if c := rec.conn; c != nil {
		v.snapshot, v.onDurable = c.snapshot, c.onDurable
	} else {
		v.disconnectedAt, v.data = m.at(rec.windowEnd()-m.window()), rec.data
	}
	return v
}

// session returns a description that is its caller's.
func (v *view) session(id string) ManagedSession {
	return ManagedSession{
		ID: id, IP: v.at.String(), UserID: v.userID,
		CreatedAt: v.created, LastActive: v.lastActive, DisconnectedAt: v.disconnectedAt,
		Connected: v.state.Attached(), Data: slices.Clone(v.data), Snapshot: v.snapshot, OnDurable: v.onDurable,
	}
}

// describe returns a copy of what is known of a session.
func (m *Manager) describe(rec *record) ManagedSession {
	v := m.view(rec)
	return v.session(rec.name())
}
