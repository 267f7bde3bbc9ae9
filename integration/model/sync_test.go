package model

import (
	"context"
	"errors"
	"time"

	"github.com/limpet-go/limpet/session"
	"pgregory.net/rapid"
)

// change makes newer state at a host, which marks its session dirty. Now and then its snapshots begin or cease to
// fail.
func (m *machine) change() {
	s := m.some("whose", func(s *sess) bool { return connected(s) && s.conn.snapshot })
	v, size := m.made()
	fails := rapid.IntRange(0, 9).Draw(m.t, "snapshots fail") == 9
	now := time.Now()
	m.mu.Lock()
	c := s.conn
	c.state, c.size = v, size
	c.fails = fails
	if c.dirty.IsZero() {
		c.dirty, c.due = now, now.Add(m.cfg.PersistInterval)
	}
	m.mu.Unlock()
	m.mgr.MarkDirty(s.id)
}

// sync makes a session's state durable.
func (m *machine) sync() {
	s := m.any()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	state, size, fails := s.newest, s.size, false
	if c := s.conn; connected(s) && c.snapshot {
		state, size, fails = c.state, c.size, c.fails
	}
	began := time.Now()
	here := s.here && (s.conn != nil || s.until.After(began))
	saving := m.saving(s)
	err := m.mgr.Sync(ctx, s.id)
	m.settle(false)
	switch {
	case m.lossy && m.mgr.Stats().LostUnsaved > 0:
	case fails:
		if err == nil {
			m.t.Fatalf("sync of %s without a snapshot succeeded", s.id)
		}
		return
	case here && size > m.cfg.MaxSessionBytes:
		m.want(s, "sync", err, session.ErrSessionTooLarge)
		return
	case held(s) && !s.until.After(time.Now()): // given back now, it would be over
	case err == nil:
		m.synced(s, state)
	case errors.Is(err, context.DeadlineExceeded):
		if m.disk.wellFor(began, 0) {
			m.t.Fatalf("sync of %s: %v", s.id, err)
		}
	case here && s.alive(time.Now()) || s.alive(time.Now()) && saving:
		if !s.fuzzy && !m.lossy {
			m.t.Fatalf("sync of %s: %v", s.id, err)
		}
	case m.isRemoved(s):
		m.want(s, "sync", err, session.ErrSessionRemoved)
	default:
		m.want(s, "sync", err, session.ErrSessionNotFound, session.ErrSessionExpired)
	}
}

// synced checks that a state is durable as Sync said.
func (m *machine) synced(s *sess, state version) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !s.removed.IsZero() {
		m.t.Fatalf("sync of %s succeeded, it was removed", s.id)
	}
	m.acknowledge(s, state)
}

func (m *machine) setUser() {
	s := m.any()
	user := m.drawUser()
	err := m.mgr.SetUser(s.id, user)
	m.settle(false)
	if m.missing(s, "set user", err) {
		return
	}
	if s.conn != nil && s.user != user && m.fullUser(user) {
		m.want(s, "set user", err, session.ErrTooManySessionsForUser)
		return
	}
	m.want(s, "set user", err, nil)
	s.user = user
}

func (m *machine) setIP() {
	s := m.any()
	if s.detachedHere() { // whether that is an access is not said
		return
	}
	ip := m.drawIP()
	err := m.mgr.SetIP(s.id, ip)
	m.settle(false)
	if !m.missing(s, "set IP", err) {
		m.want(s, "set IP", err, nil)
		s.ip = ip
	}
}

// missing compares the error of a call for a session that is not in memory.
func (m *machine) missing(s *sess, call string, err error) bool {
	switch {
	case s.here:
		return false
	case m.isRemoved(s):
		m.want(s, call, err, session.ErrSessionRemoved)
	case !m.forgotten(s.expired):
		m.want(s, call, err, session.ErrSessionExpired)
	default:
		m.want(s, call, err, session.ErrSessionNotFound, session.ErrSessionExpired)
	}
	return true
}

func (m *machine) touch() {
	s := m.any()
	m.mgr.Touch(s.id)
	m.settle(false)
	if s.detachedHere() {
		m.clock++
		s.used = m.clock
	}
}
