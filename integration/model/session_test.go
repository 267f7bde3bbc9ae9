package model

import (
	"context"
	"errors"
	"time"

	"github.com/limpet-go/limpet/session"
)

// sess is all that the model knows of one session.
type sess struct {
	id     string
	newest version // newest state the manager was given
	size   int
	known  time.Time // since when it was
	floor  version   // a Sync or OnDurable said that this one is durable
	fuzzy  bool      // its newest state may have been pushed out by MaxUnsavedBytes

	lean bool // its newest state may be nowhere but in the store

	here   bool  // in memory
	conn   *conn // connected, or held by a resume
	bytes  int   // of state in memory, while it is detached here
	until  time.Time
	parked time.Time // since when the store should know until
	twice  bool      // a write may be on its way that changes nothing: of a second disconnect at that instant, or of an eviction
	used   int       // orders the detached by when they were accessed
	born   time.Time
	ip     string
	user   string

	removed, expired time.Time // when this process saw it
}

// conn is one connection, and its host.
type conn struct {
	m         *machine
	node      *node // the process it is in
	s         *sess
	a         *session.Attachment // nil when it came in through OnReconnect
	held      bool
	fromStore bool
	since     time.Time

	snapshot bool
	state    version // as the host has it
	size     int
	fails    bool // snapshots do
	dirty    time.Time
	due      time.Time // when the next snapshot is
}

// alive reports whether a session may be resumed at a time.
func (s *sess) alive(at time.Time) bool {
	return s.conn != nil || s.removed.IsZero() && s.until.After(at) && (s.here || s.newest > 0)
}

func (s *sess) detachedHere() bool { return s.here && s.conn == nil }

// know makes v the newest state, unless it is too large.
func (m *machine) know(s *sess, v version, size int) bool {
	if m.cfg.MaxSessionBytes >= 0 && size > m.cfg.MaxSessionBytes {
		m.lost++
		return false
	}
	if v != s.newest {
		s.newest, s.size, s.known, s.fuzzy, s.lean = v, size, time.Now(), false, false
	}
	return true
}

// take is the host's Snapshot.
func (c *conn) take(context.Context) ([]byte, error) {
	m := c.m
	m.mu.Lock()
	defer m.mu.Unlock()
	current := c.s.conn == c
	switch {
	case c.node != m.node:
	case c.fails:
		c.due = time.Now().Add(m.cfg.PersistInterval)
		return nil, errors.New("no snapshot")
	case !current:
		m.problem("a snapshot was taken of a connection that is over")
	case m.know(c.s, c.state, c.size):
		c.dirty = time.Time{}
	default:
		c.due = time.Now().Add(m.cfg.PersistInterval)
	}
	return c.state.bytes(c.size), nil
}

// durable is the host's OnDurable.
func (c *conn) durable(data []byte) {
	m := c.m
	m.mu.Lock()
	defer m.mu.Unlock()
	if c.node != m.node {
		return
	}
	v := versionOf(data)
	if v < c.s.floor {
		m.problem("OnDurable told state %d of %s after %d", v, c.s.id, c.s.floor)
	}
	m.acknowledge(c.s, v)
}

// acknowledge notes that a state was said to be durable, which must be so.
func (m *machine) acknowledge(s *sess, v version) {
	r, ok := m.disk.peek(s.id)
	if v > 0 && !m.lossy && s.removed.IsZero() && (!ok && time.Since(r.until) > time.Second || versionOf(r.data) < v) {
		m.problem("state %d of %s was said to be durable, the store has %d", v, s.id, versionOf(r.data))
	}
	if !m.lossy {
		s.floor = max(s.floor, v)
	}
}

// describe is what the host tells the manager of a connection.
func (c *conn) describe() *session.ManagedSession {
	d := &session.ManagedSession{ID: c.s.id, IP: c.s.ip, UserID: c.s.user}
	if c.snapshot {
		d.Snapshot, d.OnDurable = c.take, c.durable
	}
	return d
}

// ipKeys says which addresses are the same to the manager.
var ipKeys = map[string]string{
	"": "", "192.0.2.1": "192.0.2.1", "::ffff:192.0.2.1": "192.0.2.1", "2001:db8::1": "2001:db8::/64",
	"2001:db8::2": "2001:db8::/64", "somewhere": "somewhere",
}

// forgotten reports whether the end of a session is remembered no longer.
func (m *machine) forgotten(ended time.Time) bool {
	return ended.IsZero() || !ended.Add(2*m.cfg.ResumeWindow).After(time.Now())
}

// isRemoved reports whether a session's removal is remembered: until the store has acknowledged it at least.
func (m *machine) isRemoved(s *sess) bool {
	return !s.removed.IsZero() && (!m.forgotten(s.removed) || m.deleting(s))
}

// deleting reports whether a session's deletion is not acknowledged.
func (m *machine) deleting(s *sess) bool {
	m.disk.mu.Lock()
	defer m.disk.mu.Unlock()
	return m.node.deleted[s.id] < m.node.removed[s.id]
}

// saving reports whether a session's newest state is not acknowledged.
func (m *machine) saving(s *sess) bool {
	m.disk.mu.Lock()
	defer m.disk.mu.Unlock()
	return m.node.acked[s.id] < s.newest
}
