package session

import "github.com/limpet-go/limpet/internal/lifecycle"

// move lets an event happen to a session, and is all that ever changes its state: from it follows in which queues the
// session is and among which it is counted. It reports whether the event can happen; if it cannot, nothing changed.
//
// Whoever moves a session into a state with a connection sets that first (link).
func (m *Manager) move(rec *record, event lifecycle.Event) bool {
	was := rec.state
	is, ok := was.Next(event)
	if !ok {
		return false
	}
	m.leaveQueues(rec, was, is)
	rec.state = is
	m.tally(rec, was, is)
	m.joinQueues(rec, event, was, is)
	m.count(event, is)
	return true
}

func (m *Manager) leaveQueues(rec *record, was, is lifecycle.State) {
	if was.Evictable() && !is.Evictable() {
		m.detached.Remove(rec)
		m.bytes -= int64(len(rec.data))
	}
	if was.Windowed() && !is.Windowed() {
		m.windows.Remove(rec)
	}
	if was.Attached() && !is.Attached() {
		m.part(rec)
	}
	if was.InMemory() && !is.InMemory() {
		m.records.remove(rec)
		m.outdate(rec.id)
	}
}

func (m *Manager) joinQueues(rec *record, event lifecycle.Event, was, is lifecycle.State) {
	if is.InMemory() && !was.InMemory() {
		m.records.add(rec)
	}
	if event == lifecycle.Disconnect && was != is { // given back, it has the window it had
		m.windows.Push(rec, m.now()+m.window())
	}
	if is.Evictable() && !was.Evictable() {
		m.detached.Add(rec)
		m.bytes += int64(len(rec.data))
	}
}

// tally counts a session for its address and user if it came, went, was connected or disconnected.
func (m *Manager) tally(rec *record, was, is lifecycle.State) {
	sign := func(before, after bool) int32 {
		switch {
		case after && !before:
			return 1
		case before && !after:
			return -1
		}
		return 0
	}
	m.limits.change(rec, tally{sign(was.InMemory(), is.InMemory()), sign(was.Attached(), is.Attached())})
}

func (m *Manager) count(event lifecycle.Event, is lifecycle.State) {
	switch {
	case event == lifecycle.Evict:
		m.counts.evicted++
	case is == lifecycle.Expired:
		m.counts.expired++
	case is == lifecycle.Removed:
		m.counts.removed++
	}
}

// link gives a session to a connection by an event that leads to a state with one.
func (m *Manager) link(rec *record, c *connection, event lifecycle.Event) {
	m.outdate(rec.id)
	if rec.conn != nil {
		m.part(rec)
	}
	c.rec = rec
	c.keep.Owner = c
	rec.conn = c
	rec.lastActive = m.now()
	m.move(rec, event)
}

// part takes the connection from a session.
func (m *Manager) part(rec *record) {
	c := rec.conn
	m.outdate(rec.id)
	rec.conn = nil
	m.shots.due.Remove(&c.due)
	m.shots.ages.Remove(&c.age)
	m.keeps.Remove(&c.keep)
}

// drop lets go of a session: nothing is written or remembered.
func (m *Manager) drop(rec *record) { m.move(rec, lifecycle.Drop) }

// regroup changes what the eviction queue tells sessions apart by.
func (m *Manager) regroup(rec *record, change func()) {
	if !rec.state.Evictable() {
		change()
		return
	}
	m.detached.Remove(rec)
	change()
	m.detached.Add(rec)
}

// factsOf says what is known of a session's newest state.
func (m *Manager) factsOf(rec *record) lifecycle.Facts {
	return lifecycle.Facts{
		Known:    rec.size >= 0,
		Refused:  rec.refused,
		Written:  rec.seq != 0,
		Acked:    rec.saved != 0,
		Kept:     m.stored(rec),
		InMemory: rec.data != nil,
		Snapshot: rec.conn != nil && rec.conn.snapshot != nil,
	}
}
