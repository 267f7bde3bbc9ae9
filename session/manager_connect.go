package session

import (
	"context"
	"slices"

	"github.com/limpet-go/limpet/internal/lifecycle"
	"github.com/limpet-go/limpet/internal/persist"
)

// Register connects a session: a new one, or one that is detached here. It is ErrSessionConnected when the session is
// connected already (another connection comes in through Resume), ErrSessionRemoved when this process removed it,
// ErrInvalidSessionID, ErrManagerStopped, and for a new session ErrTooManySessionsFromIP,
// ErrTooManySessionsForUser or ErrMaxSessionsReached.
func (m *Manager) Register(sess *ManagedSession) error {
	_, err := m.register(sess)
	return err
}

// Attach is Register, and returns a handle on this connection.
func (m *Manager) Attach(sess *ManagedSession) (*Attachment, error) {
	c, err := m.register(sess)
	if err != nil {
		return nil, err
	}
	return &Attachment{m: m, conn: c, id: sess.ID}, nil
}

func (m *Manager) register(sess *ManagedSession) (*connection, error) {
	if sess == nil || !validID(sess.ID) {
		return nil, ErrInvalidSessionID
	}
	a, c := m.arrivalOf(sess), &connection{}
	m.mu.Lock()
	defer m.unlock()
	rec, err := m.admit(sess.ID, a.client)
	if err != nil {
		return nil, err
	}
	m.link(rec, c, lifecycle.Register)
	m.connect(c, a)
	return c, nil
}

// arrival is what a host says of a session when it connects, made ready while no lock is held.
type arrival struct {
	client
	content
	snapshot  func(context.Context) ([]byte, error)
	onDurable func([]byte)
}

func (m *Manager) arrivalOf(sess *ManagedSession) arrival {
	return arrival{clientOf(sess), m.contentOf(slices.Clone(sess.Data)), sess.Snapshot, sess.OnDurable}
}

// admit returns the record of a session that may be registered: the detached one, or one that is new and in no queue.
func (m *Manager) admit(id string, c client) (*record, error) {
	if m.phase != running {
		return nil, ErrManagerStopped
	}
	rec := m.live(id, m.now())
	if rec != nil {
		return rec, refusal(rec.state)
	}
	unsaved := m.unsaved(id)
	state := m.ended(id, unsaved)
	if err := refusal(state); err != nil {
		return nil, err
	}
	known, resumed := m.reserved.find(id, m.now())
	if !resumed {
		if err := m.checkNew(c); err != nil {
			return nil, err
		}
	}
	if err := m.room(); err != nil {
		return nil, err
	}
	m.graves.forget(id)
	rec = m.newRecord(id, state, c)
	switch {
	case unsaved.Op == persist.Save && unsaved.Expires.After(m.mu.time()):
		m.knowWrite(rec, unsaved)
	case resumed:
		m.know(rec, known)
	}
	return rec, nil
}

// refusal says why a session cannot be registered in a state.
func refusal(s lifecycle.State) error {
	if _, ok := s.Next(lifecycle.Register); ok {
		return nil
	}
	if s == lifecycle.Removed {
		return ErrSessionRemoved
	}
	return ErrSessionConnected
}

func (m *Manager) checkNew(c client) error {
	if err := m.checkIP(c.at); err != nil {
		return err
	}
	return m.checkUser(c.userID)
}

// connect completes the connection of a session: what is known of it is kept alive in the store from now on.
func (m *Manager) connect(c *connection, a arrival) {
	rec := c.rec
	m.describeAs(rec, a.client)
	c.snapshot, c.onDurable = a.snapshot, a.onDurable
	m.settle(c)
	if a.data != nil && !rec.has(a.content) && m.accept(rec, a.content) == nil {
		m.extend(rec, m.connectedUntil())
	}
}
