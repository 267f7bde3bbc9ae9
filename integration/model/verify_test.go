package model

import (
	"time"

	"github.com/limpet-go/limpet/session"
)

// verify compares all that can be seen, and what must be durable by now.
func (m *machine) verify() {
	m.settle(false)
	m.mu.Lock()
	problems := m.problems
	m.mu.Unlock()
	m.disk.mu.Lock()
	problems = append(problems, m.disk.faults...)
	m.disk.mu.Unlock()
	for _, p := range problems {
		m.t.Fatal(p)
	}
	if m.over(false) {
		m.t.Fatalf("detached sessions exceed a limit: %d, %d bytes", len(m.detached()), m.detachedBytes())
	}
	m.countLosses()
	m.verifyCounts()
	for _, s := range m.all() {
		m.verifyMemory(s)
		m.verifyStore(s)
	}
	for ip := range ipKeys {
		if err := m.mgr.CheckIPLimit(ip); (err != nil) != m.fullIP(ip) {
			m.t.Fatalf("limit of %q: %v, want full: %v", ip, err, m.fullIP(ip))
		}
	}
}

func (m *machine) verifyCounts() {
	got := m.mgr.Stats()
	m.mu.Lock()
	defer m.mu.Unlock()
	want := session.ManagerStats{
		Total: m.total(), Detached: len(m.detached()), DetachedBytes: m.detachedBytes(),
		Evicted: m.evicted, Expired: m.expired, Removed: m.removed, TakenOver: m.takenOver, LostUnsaved: m.lost,
	}
	want.Connected = want.Total - want.Detached
	ips := map[string]bool{"": true}
	for _, s := range m.sessions {
		if s.here {
			ips[ipKeys[s.ip]] = true
		}
		if c := s.conn; c != nil && !c.dirty.IsZero() {
			want.Dirty++
			want.OldestDirty = max(want.OldestDirty, time.Since(c.dirty))
		}
	}
	want.UniqueIPs = len(ips) - 1
	if m.lossy {
		m.allowLosses(got, &want)
	}
	if limit := m.cfg.MaxSessions; limit >= 0 && got.Total > limit {
		m.t.Fatalf("%d sessions, the limit is %d", got.Total, limit)
	}
	have := session.ManagerStats{
		Total: got.Total, Connected: got.Connected, Detached: got.Detached, UniqueIPs: got.UniqueIPs, DetachedBytes: got.DetachedBytes,
		Dirty: got.Dirty, OldestDirty: got.OldestDirty, Evicted: got.Evicted, Expired: got.Expired, Removed: got.Removed,
		TakenOver: got.TakenOver, LostUnsaved: got.LostUnsaved,
	}
	if have != want {
		m.t.Fatalf("stats\n%+v, want\n%+v", have, want)
	}
}

// countLosses takes into account that unsaved bytes were given up: which of them is not known.
func (m *machine) countLosses() {
	got := m.mgr.Stats().LostUnsaved
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.lossy || got-m.lost == m.spared {
		return
	}
	m.spared = got - m.lost
	for _, s := range m.sessions {
		m.disk.mu.Lock()
		s.fuzzy = s.fuzzy || m.node.acked[s.id] < s.newest
		m.disk.mu.Unlock()
	}
}

// allowLosses makes what unsaved bytes that were given up may change as it is.
func (m *machine) allowLosses(got session.ManagerStats, want *session.ManagerStats) {
	want.LostUnsaved = m.lost + m.spared
	if m.spared > 0 {
		want.Dirty, want.OldestDirty = got.Dirty, got.OldestDirty // what was lost is taken again
		want.DetachedBytes = got.DetachedBytes
	}
	if m.cfg.MaxUnsavedBytes > 0 && got.UnsavedBytes > 2*m.cfg.MaxUnsavedBytes {
		m.t.Fatalf("%d bytes wait for the store, the limit is %d", got.UnsavedBytes, m.cfg.MaxUnsavedBytes)
	}
}

// verifyMemory compares what Get says of a session.
func (m *machine) verifyMemory(s *sess) {
	got := m.mgr.Get(s.id)
	m.settle(false) // Get sees that a window has ended
	if (got != nil) != s.here {
		m.t.Fatalf("%s is in memory: %v, want %v", s.id, got != nil, s.here)
	}
	if got == nil {
		return
	}
	if s.conn == nil && !s.until.After(time.Now()) {
		m.t.Fatalf("%s is in memory %v after its window", s.id, time.Since(s.until))
	}
	if got.Connected != (s.conn != nil) || got.IP != s.ip || got.UserID != s.user || !got.CreatedAt.Equal(s.born) {
		m.t.Fatalf("%s is %+v, want connected %v, %q, %q, made %v", s.id, got, s.conn != nil, s.ip, s.user, s.born)
	}
	if s.conn == nil && !m.lossy && len(got.Data) != s.bytes {
		m.t.Fatalf("%s has %d bytes in memory, want %d", s.id, len(got.Data), s.bytes)
	}
	if s.conn == nil && !got.DisconnectedAt.Add(window).Equal(s.until) {
		m.t.Fatalf("%s was disconnected at %v, want %v", s.id, got.DisconnectedAt, s.until.Add(-window))
	}
	if got.Data != nil && versionOf(got.Data) != s.newest {
		m.t.Fatalf("%s has state %d in memory, want %d", s.id, versionOf(got.Data), s.newest)
	}
}

// quiet reports whether the store has had the time to learn all of a session.
func (m *machine) quiet(s *sess) bool {
	return m.disk.wellFor(s.known, 0) && m.disk.wellFor(s.parked, 0) && (s.conn == nil || m.disk.wellFor(s.conn.since, 0))
}

// verifyStore checks that the store is up to date, once it had the time for it.
func (m *machine) verifyStore(s *sess) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	r, ok := m.disk.peek(s.id)
	if c := s.conn; c != nil && !c.dirty.IsZero() && !c.due.After(now) {
		m.t.Fatalf("%s has been dirty for %v, no snapshot was taken", s.id, now.Sub(c.dirty))
	}
	switch {
	case !s.removed.IsZero():
		if ok && m.disk.wellFor(s.removed, 0) {
			m.t.Fatalf("%s was removed %v ago, the store has it", s.id, now.Sub(s.removed))
		}
	case !s.alive(now) || s.newest == 0 || s.fuzzy || m.mayBeGone(s) || held(s) && !s.until.After(now):
	case !m.quiet(s) || m.lossy:
	case !ok || versionOf(r.data) != s.newest:
		m.t.Fatalf("the store has state %d of %s for %v, want %d since %v, connected %v", versionOf(r.data), s.id, r.until.Sub(now), s.newest, now.Sub(s.known), s.conn != nil)
	case s.conn == nil && !r.until.Equal(s.until):
		m.t.Fatalf("the store keeps %s for %v, want %v", s.id, r.until.Sub(now), s.until.Sub(now))
	case connected(s) && m.disk.wellFor(s.conn.since, window/3) && r.until.Before(now.Add(window)):
		m.t.Fatalf("the store keeps %s, which is connected, for %v, want a window", s.id, r.until.Sub(now))
	}
}
