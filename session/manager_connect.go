package session

import "slices"

// Register connects a session: a new one, or one that is detached here. It is ErrSessionConnected when the session is
// connected already (another connection comes in through Resume), ErrSessionRemoved when this process removed it,
// ErrInvalidSessionID, ErrManagerStopped, and for a new session ErrTooManySessionsFromIP,
// ErrTooManySessionsForUser or ErrMaxSessionsReached.
func (m *Manager) Register(sess *ManagedSession) error {
	_, err := m.Attach(sess)
	return err
}

// Attach is Register, and returns a handle on this connection.
func (m *Manager) Attach(sess *ManagedSession) (*Attachment, error) {
	if sess == nil || !validID(sess.ID) {
		return nil, ErrInvalidSessionID
	}
	m.mu.Lock()
	defer m.unlock()
	rec, err := m.admit(sess)
	if err != nil {
		return nil, err
	}
	c := &connection{}
	m.link(rec, c)
	m.connect(c, sess)
	return &Attachment{m: m, conn: c, id: rec.id}, nil
}

// admit returns the detached record of a session that may be connected, a new one if need be.
func (m *Manager) admit(sess *ManagedSession) (*record, error) {
	rec := m.live(sess.ID, m.now())
	switch {
	case m.phase != running:
		return nil, ErrManagerStopped
	case rec != nil && rec.conn != nil:
		return nil, ErrSessionConnected
	case rec != nil:
		return rec, nil
	case m.removed(sess.ID):
		return nil, ErrSessionRemoved
	}
	known, resumed := m.reserved.find(sess.ID, m.now())
	if !resumed {
		if err := m.checkNew(sess); err != nil {
			return nil, err
		}
	}
	if err := m.room(); err != nil {
		return nil, err
	}
	m.graves.forget(sess.ID)
	rec = m.newRecord(sess.ID, sess.IP, sess.UserID, sess.CreatedAt)
	if !m.knowUnsaved(rec) && resumed {
		m.know(rec, known)
	}
	return rec, nil
}

func (m *Manager) checkNew(sess *ManagedSession) error {
	if err := m.checkIP(sess.IP); err != nil {
		return err
	}
	return m.checkUser(sess.UserID)
}

// connect completes the connection of a session: what is known of it is kept alive in the store from now on.
func (m *Manager) connect(c *connection, sess *ManagedSession) {
	rec := c.rec
	created := sess.CreatedAt
	if created.IsZero() {
		created = rec.createdAt
	}
	m.describeAs(rec, sess.IP, sess.UserID, created)
	c.snapshot, c.onDurable = sess.Snapshot, sess.OnDurable
	m.settle(c)
	if sess.Data != nil && !m.same(rec, sess.Data) && m.accept(rec, slices.Clone(sess.Data)) == nil {
		m.extend(rec, m.connectedUntil())
	}
}

// settle makes a held session a connected one.
func (m *Manager) settle(c *connection) {
	rec := c.rec
	c.held, rec.disconnectedAt = false, 0
	m.windows.Remove(&rec.window)
	m.extend(rec, m.connectedUntil())
	if rec.saved != 0 {
		m.lighten(rec)
	}
	if m.window() > 0 {
		m.keeps.Push(&c.keep, m.now()+m.keepaliveEvery())
		m.wakeAt(c.keep.Due())
	}
}
