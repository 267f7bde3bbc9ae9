package session

// limits counts sessions by address and user.
type limits struct {
	prefix    int  // leading bits by which IPv6 addresses are told apart
	perIP     bool // connected sessions of an address are counted: someone wants to know
	connected int
	ipv4      map[uint32]tally
	networks  map[uint64]tally    // IPv6, with nothing in the lower half
	hosts     map[[2]uint64]tally // other IPv6
	texts     map[string]tally
	users     map[string]int // connected
}

// tally counts an address's sessions.
type tally struct{ total, connected int32 }

func newLimits(prefix int, perIP bool) limits {
	return limits{
		prefix:   prefix,
		perIP:    perIP,
		ipv4:     map[uint32]tally{},
		networks: map[uint64]tally{},
		hosts:    map[[2]uint64]tally{},
		texts:    map[string]tally{},
		users:    map[string]int{},
	}
}

// addresses returns how many different ones there are.
func (l *limits) addresses() int {
	return len(l.ipv4) + len(l.networks) + len(l.hosts) + len(l.texts)
}

// join counts a session for its address and user, leave takes that back. They change only between the two.
func (l *limits) join(rec *record) {
	if rec.state.InMemory() {
		l.change(rec, tally{1, attached(rec)})
	}
}

func (l *limits) leave(rec *record) {
	if rec.state.InMemory() {
		l.change(rec, tally{-1, -attached(rec)})
	}
}

func attached(rec *record) int32 {
	if rec.state.Attached() {
		return 1
	}
	return 0
}

// change counts a session that comes or goes.
func (l *limits) change(rec *record, by tally) {
	if by == (tally{}) {
		return
	}
	if l.perIP || by.total != 0 {
		l.changeAddress(rec.address().key(l.prefix), by)
	}
	if user := rec.userID(); user != "" && by.connected != 0 {
		if l.users[user] += int(by.connected); l.users[user] == 0 {
			delete(l.users, user)
		}
	}
	l.connected += int(by.connected)
}

func (l *limits) changeAddress(key address, by tally) {
	switch {
	case key.kind == ipv4:
		change(l.ipv4, uint32(key.lo), by)
	case key.kind == ipv6 && key.lo == 0:
		change(l.networks, key.hi, by)
	case key.kind == ipv6:
		change(l.hosts, [2]uint64{key.hi, key.lo}, by)
	case key.kind == otherAddress:
		change(l.texts, key.text, by)
	}
}

func change[K comparable](tallies map[K]tally, key K, by tally) {
	t := tallies[key]
	t.total += by.total
	t.connected += by.connected
	if t.total == 0 {
		delete(tallies, key)
		return
	}
	tallies[key] = t
}

// of returns how many connected sessions an address has.
func (l *limits) of(a address) int {
	switch key := a.key(l.prefix); {
	case key.kind == ipv4:
		return int(l.ipv4[uint32(key.lo)].connected)
	case key.kind == ipv6 && key.lo == 0:
		return int(l.networks[key.hi].connected)
	case key.kind == ipv6:
		return int(l.hosts[[2]uint64{key.hi, key.lo}].connected)
	default:
		return int(l.texts[key.text].connected)
	}
}

// checkIP refuses one more connected session from an address.
func (m *Manager) checkIP(a address) error {
	if m.cfg.MaxSessionsPerIP >= 0 && a.kind != noAddress && m.limits.of(a) >= m.cfg.MaxSessionsPerIP {
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
	for m.cfg.MaxSessions >= 0 && m.records.len() >= m.cfg.MaxSessions {
		next := m.detached.Next()
		if next == nil {
			return ErrMaxSessionsReached
		}
		m.evict(next)
	}
	return nil
}

// SetUser says whose session it is from now on, after a login for example; an empty userID is nobody. It is
// ErrTooManySessionsForUser, and changes nothing, when the user holds as many connected sessions as they may.
func (m *Manager) SetUser(sessionID, userID string) error {
	m.mu.Lock()
	defer m.unlock()
	rec, err := m.registered(sessionID)
	if err != nil || rec.userID() == userID {
		return err
	}
	if rec.state.Attached() {
		if err := m.checkUser(userID); err != nil {
			return err
		}
	}
	c := rec.client()
	c.userID = userID
	m.describeAs(rec, c)
	return nil
}

// SetIP says where a session's client is from now on. It never refuses: a client that roams keeps its session.
func (m *Manager) SetIP(sessionID, ip string) error {
	at := parseAddress(ip)
	m.mu.Lock()
	defer m.unlock()
	rec, err := m.registered(sessionID)
	if err != nil {
		return err
	}
	c := rec.client()
	c.at = at
	m.regroup(rec, func() { m.describeAs(rec, c) })
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
