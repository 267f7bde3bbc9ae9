package session

import "net/netip"

// limits counts sessions by address and user.
type limits struct {
	connected int
	ips       map[string]*ipCount
	users     map[string]int // connected
}

type ipCount struct{ total, connected int }

func newLimits() limits { return limits{ips: map[string]*ipCount{}, users: map[string]int{}} }

// join counts a session that is in memory, leave forgets it. A session's address and user change only between the
// two.
func (l *limits) join(rec *record) {
	if key := rec.item.Group; key != "" {
		c := l.ips[key]
		if c == nil {
			c = &ipCount{}
			l.ips[key] = c
		}
		c.total++
	}
	l.connect(rec)
}

func (l *limits) leave(rec *record) {
	l.disconnect(rec)
	key := rec.item.Group
	if c := l.ips[key]; c != nil {
		if c.total--; c.total == 0 {
			delete(l.ips, key)
		}
	}
}

// connect counts a session as connected if it is, disconnect takes that back.
func (l *limits) connect(rec *record) { l.change(rec, 1) }

func (l *limits) disconnect(rec *record) { l.change(rec, -1) }

func (l *limits) change(rec *record, by int) {
	if rec.conn == nil {
		return
	}
	l.connected += by
	if c := l.ips[rec.item.Group]; c != nil {
		c.connected += by
	}
	if rec.userID == "" {
		return
	}
	if l.users[rec.userID] += by; l.users[rec.userID] == 0 {
		delete(l.users, rec.userID)
	}
}

// checkIP refuses one more connected session from an address.
func (m *Manager) checkIP(ip string) error {
	c := m.limits.ips[ipKey(ip, m.cfg.IPv6Prefix)]
	if c != nil && m.cfg.MaxSessionsPerIP >= 0 && c.connected >= m.cfg.MaxSessionsPerIP {
		return ErrTooManySessionsFromIP
	}
	return nil
}

// checkUser refuses one more connected session of a user.
func (m *Manager) checkUser(userID string) error {
	if userID != "" && m.cfg.MaxSessionsPerUser >= 0 && m.limits.users[userID] >= m.cfg.MaxSessionsPerUser {
		return ErrTooManySessionsForUser
	}
	return nil
}

// room makes room for one more session, by eviction if need be.
func (m *Manager) room() error {
	for m.cfg.MaxSessions >= 0 && len(m.records) >= m.cfg.MaxSessions {
		next := m.detached.Next()
		if next == nil {
			return ErrMaxSessionsReached
		}
		m.evict(next.Owner)
	}
	return nil
}

// SetUser says whose session it is from now on, after a login for example; an empty userID is nobody. It is
// ErrTooManySessionsForUser, and changes nothing, when the user holds as many connected sessions as they may.
func (m *Manager) SetUser(sessionID, userID string) error {
	m.mu.Lock()
	defer m.unlock()
	rec, err := m.registered(sessionID)
	if err != nil || rec.userID == userID {
		return err
	}
	if rec.conn != nil {
		if err := m.checkUser(userID); err != nil {
			return err
		}
	}
	m.describeAs(rec, rec.ip, userID, rec.createdAt)
	return nil
}

// SetIP says where a session's client is from now on. It never refuses: a client that roams keeps its session.
func (m *Manager) SetIP(sessionID, ip string) error {
	m.mu.Lock()
	defer m.unlock()
	rec, err := m.registered(sessionID)
	if err != nil {
		return err
	}
	parked := rec.item.Queued()
	m.park(rec, false)
	m.describeAs(rec, ip, rec.userID, rec.createdAt)
	m.park(rec, parked)
	return nil
}

// registered returns the record of a session in memory, or why there is none.
func (m *Manager) registered(sessionID string) (*record, error) {
	if m.phase != running {
		return nil, ErrManagerStopped
	}
	if rec := m.live(sessionID, m.now()); rec != nil {
		return rec, nil
	}
	return nil, m.missing(sessionID)
}

// ipKey returns the form in which addresses are compared: without zone, IPv4 as such, IPv6 by its leading bits.
// What is no address is compared as text.
func ipKey(ip string, bits int) string {
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return ip
	}
	addr = addr.Unmap().WithZone("")
	if addr.Is6() && bits >= 0 && bits < addr.BitLen() {
		prefix, err := addr.Prefix(bits)
		if err != nil {
			return ip
		}
		return prefix.String()
	}
	if key := addr.String(); key != ip {
		return key
	}
	return ip // shares the caller's bytes
}
