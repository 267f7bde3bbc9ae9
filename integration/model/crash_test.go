package model

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/limpet-go/limpet/session"
)

// slack is what a store that works again may need beside its latency to be up to date: a call that hung, and the
// longest pauses.
const slack = 20 * time.Second

// wellFor reports whether the store has worked since an instant, and for so long.
func (d *disk) wellFor(since time.Time, least time.Duration) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if rested := d.well.Add(slack); since.Before(rested) {
		since = rested
	}
	return !time.Now().Before(since.Add(least + 5*d.slowest))
}

// crash kills the process: all that was in memory is gone, and a new one begins with what the store has.
func (m *machine) crash() {
	removed := map[*sess]bool{}
	for _, s := range m.all() {
		removed[s] = !s.removed.IsZero() && !m.deleting(s)
	}
	m.abandon()
	for _, s := range m.all() {
		r, ok := m.disk.peek(s.id)
		switch {
		case ok && removed[s]:
			m.t.Fatalf("%s is in the store, its removal was acknowledged", s.id)
		case ok && versionOf(r.data) < s.floor:
			m.t.Fatalf("the store has state %d of %s, %d was said to be durable", versionOf(r.data), s.id, s.floor)
		case held(s) && !s.until.After(time.Now()) || m.mayBeGone(s) || !m.disk.wellFor(s.known, 0):
		case !ok && s.floor > 0 && s.alive(time.Now()) && m.disk.wellFor(time.Now().Add(-window/6), 0):
			m.t.Fatalf("the store has nothing of %s, %d was said to be durable", s.id, s.floor)
		}
	}
	m.reborn()
}

// restart shuts the process down, again after a failure or not, and starts a new one.
func (m *machine) restart() {
	began := time.Now()
	err := m.mgr.Shutdown(context.Background())
	m.settle(false)
	m.shut(err, began)
	if err != nil && pick(m.t, "again", true, true, false) {
		m.disk.set(well, 0)
		for _, s := range m.sessions {
			if s.conn != nil {
				s.conn.fails = false
			}
		}
		err = m.mgr.Shutdown(context.Background())
		m.shut(err, began)
		if err != nil && !m.tooLarge() && !m.lossy && !slices.ContainsFunc(m.all(), m.mayBeGone) {
			m.t.Fatalf("shutdown with a store that works: %v", err)
		}
	}
	m.abandon()
	m.reborn()
}

// tooLarge reports whether a host has state that is refused.
func (m *machine) tooLarge() bool {
	return slices.ContainsFunc(m.all(), func(s *sess) bool { return connected(s) && s.conn.snapshot && s.conn.size > m.cfg.MaxSessionBytes })
}

// shut compares the outcome of a Shutdown: what it does not name is durable, and what it names is not acknowledged.
func (m *machine) shut(err error, began time.Time) {
	var left *session.NotSavedError
	if err != nil && !errors.As(err, &left) {
		m.t.Fatalf("shutdown: %v", err)
	}
	m.countLosses()
	now := time.Now()
	for _, s := range m.all() {
		named := left != nil && slices.Contains(left.SessionIDs, s.id)
		r, ok := m.disk.peek(s.id)
		switch {
		case named && !m.unsaved(s) && !m.lossy:
			m.t.Fatalf("shutdown names %s, which is durable", s.id)
		case named || m.lossy:
		case !s.removed.IsZero():
			if ok {
				m.t.Fatalf("shutdown does not name %s: removed, and in the store", s.id)
			}
		case !s.alive(now) || s.newest == 0 || held(s) && !s.until.After(now) || !ok && m.mayBeGone(s):
		case !ok || versionOf(r.data) != s.newest:
			m.t.Fatalf("shutdown does not name %s: the store has state %d, want %d", s.id, versionOf(r.data), s.newest)
		case s.conn == nil && !r.until.Equal(s.until):
			m.t.Fatalf("shutdown does not name %s: the store keeps it for %v, want %v", s.id, r.until.Sub(now), s.until.Sub(now))
		case connected(s) && r.until.Before(began.Add(window)):
			m.t.Fatalf("shutdown does not name %s: the store keeps it for %v, want a window", s.id, r.until.Sub(now))
		}
	}
}

// mayBeGone reports whether an outage was so long that a session may have ended in the store, which alone had its state.
func (m *machine) mayBeGone(s *sess) bool {
	c := s.conn
	unshot := c != nil && c.snapshot && (c.fails || c.size > m.cfg.MaxSessionBytes)
	if !s.lean && !unshot {
		return false
	}
	return !m.disk.wellFor(time.Now().Add(-window/6), 0) || m.disk.back.After(s.known)
}

// unsaved reports whether something of a session may not have been acknowledged.
func (m *machine) unsaved(s *sess) bool {
	m.disk.mu.Lock()
	until, heard := m.node.until[s.id], m.node.heard[s.id]
	m.disk.mu.Unlock()
	switch {
	case s.conn != nil || s.twice:
		return true // its expiry moves, and its snapshot may fail
	case !s.removed.IsZero():
		return m.deleting(s)
	}
	_, ok := m.disk.peek(s.id)
	return !ok || s.lean || m.saving(s) || !until.Equal(s.until) || !heard.After(s.parked)
}

// reborn begins a new process with what the store has.
func (m *machine) reborn() {
	m.start()
	for _, s := range m.all() {
		r, ok := m.disk.peek(s.id)
		*s = sess{id: s.id, floor: s.floor}
		if ok {
			s.newest, s.size, s.known, s.until, s.parked = versionOf(r.data), len(r.data), time.Now(), r.until, time.Now()
			m.node.acked[s.id], m.node.until[s.id] = s.newest, s.until
		} else {
			s.floor = 0
		}
	}
}
