package model

import (
	"slices"
	"time"

	"github.com/limpet-go/limpet/session"
)

// settle goes through the hooks that were called since the last time, in order: nothing is evicted unless a limit is
// exceeded, and only what the policy names. newcomer says that room is made for a session.
func (m *machine) settle(newcomer bool) {
	m.mu.Lock()
	events := m.events
	m.events = nil
	m.mu.Unlock()
	for _, e := range events {
		s := m.sessions[e.id]
		if e.evicted {
			m.evict(s, newcomer)
		} else {
			m.expire(s, e.at)
		}
	}
}

func (m *machine) expire(s *sess, at time.Time) {
	if !s.detachedHere() || s.until.After(time.Now()) {
		m.t.Fatalf("%s expired: here %v, connected %v, %v before its window ends", s.id, s.here, s.conn != nil, time.Until(s.until))
	}
	s.here, s.expired = false, at
	m.expired++
}

func (m *machine) evict(s *sess, newcomer bool) {
	s.twice = true
	if !m.over(newcomer) {
		m.t.Fatalf("%s was evicted, and no limit was exceeded", s.id)
	}
	if next := m.next(); !slices.Contains(next, s) {
		m.t.Fatalf("%s was evicted, want one of %v", s.id, ids(next))
	}
	s.here = false
	m.evicted++
	if s.newest == 0 {
		s.until = time.Time{} // nothing is left of it
	}
}

// over reports whether a limit is exceeded.
func (m *machine) over(newcomer bool) bool {
	n := len(m.detached())
	return n > m.cfg.MaxDetachedSessions || m.cfg.MaxDetachedBytes >= 0 && m.detachedBytes() > m.cfg.MaxDetachedBytes && n > 0 ||
		newcomer && m.cfg.MaxSessions >= 0 && m.total() >= m.cfg.MaxSessions
}

func (m *machine) detached() (found []*sess) {
	for _, s := range m.all() {
		if s.detachedHere() {
			found = append(found, s)
		}
	}
	return found
}

func (m *machine) detachedBytes() (n int64) {
	for _, s := range m.detached() {
		n += int64(s.bytes)
	}
	return n
}

func (m *machine) total() (n int) {
	for _, s := range m.sessions {
		if s.here {
			n++
		}
	}
	return n
}

// next returns the sessions that the policy allows to be evicted next.
func (m *machine) next() []*sess {
	all := m.detached()
	used := func(s *sess) int64 { return int64(s.used) }
	switch m.cfg.EvictionPolicy {
	case session.EvictionOldest:
		return least(all, func(s *sess) int64 { return s.born.UnixNano() })
	case session.EvictionRandom:
		return all
	case session.EvictionFair:
		return fair(all, used)
	}
	return least(all, used)
}

// fair returns those used the longest time ago of the addresses that hold most.
func fair(all []*sess, used func(*sess) int64) (next []*sess) {
	groups, most := map[string][]*sess{}, 0
	for _, s := range all {
		key := ipKeys[s.ip]
		groups[key] = append(groups[key], s)
		most = max(most, len(groups[key]))
	}
	for _, g := range groups {
		if len(g) == most {
			next = append(next, least(g, used)...)
		}
	}
	return next
}

// least returns those for which a number is smallest.
func least(all []*sess, number func(*sess) int64) (found []*sess) {
	for _, s := range all {
		switch {
		case len(found) == 0 || number(s) < number(found[0]):
			found = []*sess{s}
		case number(s) == number(found[0]):
			found = append(found, s)
		}
	}
	return found
}

func ids(all []*sess) (ids []string) {
	for _, s := range all {
		ids = append(ids, s.id)
	}
	slices.Sort(ids)
	return ids
}
