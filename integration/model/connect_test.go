package model

import (
	"errors"
	"time"

	"github.com/limpet-go/limpet/session"
	"pgregory.net/rapid"
)

// attach registers a session: a new one, or a detached one.
func (m *machine) attach() {
	s := m.any()
	if rapid.IntRange(0, 7).Draw(m.t, "reuse") > 0 {
		s = m.fresh(s)
	}
	c := m.newConn(s)
	desc := c.describe()
	desc.IP, desc.UserID = m.drawIP(), m.drawUser()
	v, size := m.made()
	known := s.detachedHere() && s.until.After(time.Now()) || s.alive(time.Now()) && m.saving(s)
	if s.newest > 0 && !known { // the manager would know nothing of what the store has
		size = min(size, 100)
		desc.Data = v.bytes(size)
	} else if rapid.Bool().Draw(m.t, "with state") {
		desc.Data = v.bytes(size)
	}
	a, err := m.mgr.Attach(desc)
	m.attached(s, c, desc, a, err, v, size, false)
}

// attached compares what came of an Attach or Register.
func (m *machine) attached(s *sess, c *conn, desc *session.ManagedSession, a *session.Attachment, err error, v version, size int, resumed bool) {
	live := s.detachedHere() && s.until.After(time.Now())
	m.settle(s.conn == nil && !live && err == nil)
	want := m.admits(s, desc, live, resumed)
	m.want(s, "attach", err, want)
	if want != nil {
		return
	}
	if !live && !resumed && !(s.alive(time.Now()) && m.saving(s)) {
		s.newest, s.floor = 0, 0
	}
	if !live {
		s.born = time.Now()
	}
	if !s.until.After(time.Now()) {
		s.known = time.Now() // it is over in the store, and has to be saved again
	}
	s.removed, s.expired = time.Time{}, time.Time{}
	s.here, s.ip, s.user = true, desc.IP, desc.UserID
	c.a = a
	m.begin(s, c)
	m.givenState(s, c, desc, v, size)
}

// admits says how an Attach must end.
func (m *machine) admits(s *sess, desc *session.ManagedSession, live, resumed bool) error {
	switch {
	case s.conn != nil:
		return session.ErrSessionConnected
	case live:
		return nil
	case m.isRemoved(s):
		return session.ErrSessionRemoved
	case !resumed && m.fullIP(desc.IP):
		return session.ErrTooManySessionsFromIP
	case !resumed && m.fullUser(desc.UserID):
		return session.ErrTooManySessionsForUser
	case m.cfg.MaxSessions >= 0 && m.total() >= m.cfg.MaxSessions:
		return session.ErrMaxSessionsReached
	}
	return nil
}

func (m *machine) newConn(s *sess) *conn {
	return &conn{m: m, node: m.node, s: s, snapshot: rapid.IntRange(0, 3).Draw(m.t, "snapshots") > 0}
}

// begin makes c the connection of its session.
func (m *machine) begin(s *sess, c *conn) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s.conn, c.since = c, time.Now()
}

// givenState takes the state that a connection began with.
func (m *machine) givenState(s *sess, c *conn, desc *session.ManagedSession, v version, size int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if desc.Data != nil {
		m.know(s, v, size)
	}
	c.state, c.size = s.newest, s.size
	if c.state == 0 {
		m.versions++
		c.state, c.size = m.versions, 40
	}
	c.size = max(c.size, len(c.state.bytes(0)))
}

// connect completes a resume, or tries to do so again.
func (m *machine) connect() {
	s := m.some("held", func(s *sess) bool { return s.conn != nil && s.conn.a != nil })
	old := s.conn
	c := old
	if old.held {
		c = m.newConn(s)
		c.a, c.since = old.a, time.Now()
	}
	desc := *c.describe()
	desc.IP, desc.UserID = m.drawIP(), m.drawUser()
	v, size := m.made()
	if rapid.IntRange(0, 3).Draw(m.t, "with state") == 0 {
		desc.Data = v.bytes(size)
	}
	var want error
	if !old.held {
		want = session.ErrSessionConnected
	}
	m.mu.Lock()
	s.revive(old)
	s.conn = c
	m.mu.Unlock()
	m.want(s, "connect", old.a.Connect(desc), want)
	if want == nil {
		s.ip, s.user = desc.IP, desc.UserID
		m.givenState(s, c, &desc, v, size)
	}
}

// detach ends a connection, with or without a final state.
func (m *machine) detach() {
	s := m.some("whom", func(s *sess) bool { return s.conn != nil })
	m.drawEnd()(s.conn)
	m.settle(false)
}

// drawEnd decides how a connection is ended.
func (m *machine) drawEnd() func(c *conn) {
	v, size := m.made()
	final := v.bytes(size)
	if rapid.IntRange(0, 3).Draw(m.t, "no final state") == 0 {
		final = nil
	}
	byID := rapid.Bool().Draw(m.t, "by ID")
	return func(c *conn) {
		m.end(c, final)
		if byID || c.a == nil {
			m.mgr.OnDisconnect(c.s.id, final)
		} else {
			c.a.Detach(final)
		}
	}
}

// end ends a connection in the model.
func (m *machine) end(c *conn, final []byte) {
	bytes := c.s.size
	if c.a != nil && !c.held {
		bytes = len(c.a.Data())
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if c.s.newest == 0 {
		bytes = 0
	}
	if final != nil && m.know(c.s, versionOf(final), len(final)) {
		bytes = len(final)
	}
	m.ended(c, bytes)
}

// revive notes that a session whose window ended while it was held has to be saved again.
func (s *sess) revive(c *conn) {
	if c.held && !s.until.After(time.Now()) {
		s.known = time.Now()
	}
}

// ended makes a connected session a detached one. The machine is locked.
func (m *machine) ended(c *conn, bytes int) {
	s := c.s
	s.revive(c)
	m.clock++
	s.conn, s.used, s.bytes, s.lean = nil, m.clock, bytes, bytes == 0
	s.twice = s.parked.Equal(time.Now())
	s.until, s.parked = time.Now().Add(window), time.Now()
}

// disconnect hands over the state of any session, connected or not, by its ID.
func (m *machine) disconnect() {
	s := m.any()
	if !s.here && !s.until.IsZero() && !s.alive(time.Now()) && !m.isRemoved(s) && m.forgotten(s.expired) { // whether that was seen depends on the queue
		return
	}
	v, size := m.made()
	final := v.bytes(size)
	if rapid.IntRange(0, 3).Draw(m.t, "no final state") == 0 {
		final = nil
	}
	now := time.Now()
	switch {
	case s.conn != nil:
		m.end(s.conn, final)
	case s.detachedHere() && s.until.After(now):
		if final != nil && m.know(s, v, size) {
			s.bytes = size
		}
	case m.isRemoved(s) || !m.forgotten(s.expired) || s.detachedHere():
	case final != nil && m.know(s, v, size): // unknown, and saved
		s.until, s.parked, s.removed = now.Add(window), now, time.Time{}
	}
	m.mgr.OnDisconnect(s.id, final)
	m.settle(false)
}

// release gives a session back.
func (m *machine) release() {
	s := m.some("whom", func(s *sess) bool { return s.conn != nil && s.conn.a != nil })
	c := s.conn
	if !c.held {
		m.end(c, nil)
		c.a.Release()
		m.settle(false)
		return
	}
	calls, quiet := m.disk.callsOf(s.id), m.mgr.Stats().Unsaved == 0
	s.conn = nil
	if c.fromStore {
		s.here = false
	} else {
		m.clock++
		s.used, s.bytes = m.clock, s.size
	}
	if s.newest == 0 {
		s.bytes = 0
	}
	c.a.Release()
	m.rest()
	if n := m.disk.callsOf(s.id); quiet && n != calls {
		m.t.Fatalf("Release of %s caused %d writes", s.id, n-calls)
	}
	m.settle(false)
}

// remove ends a session on purpose.
func (m *machine) remove() { m.erase(m.any()) }

func (m *machine) erase(s *sess) {
	m.disk.mu.Lock()
	m.versions++
	m.node.removed[s.id] = m.versions
	m.disk.mu.Unlock()
	m.mu.Lock()
	if s.here {
		m.removed++
	}
	s.here, s.conn, s.newest, s.floor, s.removed = false, nil, 0, 0, time.Now()
	m.mu.Unlock()
	m.mgr.Remove(s.id)
	m.settle(false)
}

func (m *machine) drawIP() string {
	return pick(m.t, "ip", "192.0.2.1", "::ffff:192.0.2.1", "2001:db8::1", "2001:db8::2", "somewhere", "")
}

func (m *machine) drawUser() string { return pick(m.t, "user", "", "", "ann", "bob") }

func (m *machine) fullIP(ip string) bool {
	key, n := ipKeys[ip], 0
	for _, s := range m.sessions {
		if s.conn != nil && ipKeys[s.ip] == key {
			n++
		}
	}
	return key != "" && m.cfg.MaxSessionsPerIP >= 0 && n >= m.cfg.MaxSessionsPerIP
}

func (m *machine) fullUser(user string) bool {
	n := 0
	for _, s := range m.sessions {
		if s.conn != nil && s.user == user {
			n++
		}
	}
	return user != "" && m.cfg.MaxSessionsPerUser >= 0 && n >= m.cfg.MaxSessionsPerUser
}

// want checks how a call ended.
func (m *machine) want(s *sess, call string, err error, wants ...error) {
	m.t.Helper()
	for _, want := range wants {
		if want == nil && err == nil || want != nil && errors.Is(err, want) && errors.Is(err, session.ErrSessionRemoved) == errors.Is(want, session.ErrSessionRemoved) {
			return
		}
	}
	m.t.Fatalf("%s of %s: %v, want %v", call, s.id, err, wants)
}
