package session

import (
	"context"
	"hash/maphash"
	"slices"
	"time"

	"github.com/limpet-go/limpet/internal/evict"
	"github.com/limpet-go/limpet/internal/expiry"
)

// record is a session in memory. It is connected while conn is not nil, else detached.
type record struct {
	id, ip, userID string
	createdAt      time.Time
	lastActive     int64
	disconnectedAt int64 // zero while connected; kept while a resume is held, so that it can be given back

	data    []byte // newest state, never changed in place; nil when there is none or only the store has it
	sum     uint64 // hash of the newest state
	size    int    // and its length, -1 when none was ever known
	seq     uint64 // of the write that takes the newest state to the store; zero when there is none
	refused bool   // the store will never take the newest state, and has an older one at best
	saved   int64  // until when the store acknowledged to keep the newest state; zero before it did
	savedTo int64  // the same by the wall clock, in Unix milliseconds

	conn   *connection
	item   evict.Item[record]
	window expiry.Node[record]
}

// connection is one connection's hold on a session. An Attachment names it.
type connection struct {
	rec       *record
	held      bool // resumed, and Connect not called yet
	fromStore bool // resumed from the store: to be forgotten when it is given back
	released  bool // forgotten by a Shutdown that succeeded, while it was connected
	snapshot  func(context.Context) ([]byte, error)
	onDurable func([]byte)

	marks    uint64 // how often it was marked dirty
	applied  uint64 // how many snapshots counted
	shooting bool   // a periodic snapshot is queued or under way
	due      expiry.Node[connection]
	age      expiry.Node[connection]
	keep     expiry.Node[connection]

	notices   [][]byte // durable snapshots not told yet
	notifying bool
	takeover  chan struct{} // closed when the takeover under way ended
}

// newRecord adds a detached session without state to the records, in none of the queues yet.
func (m *Manager) newRecord(id, ip, userID string, createdAt time.Time) *record {
	rec := &record{id: id, size: -1, lastActive: m.now()}
	rec.item.Owner, rec.window.Owner = rec, rec
	m.records[id] = rec
	m.describeAs(rec, ip, userID, createdAt)
	return rec
}

// describeAs sets what the host knows of a session that is in no queue.
func (m *Manager) describeAs(rec *record, ip, userID string, createdAt time.Time) {
	if createdAt.IsZero() {
		createdAt = time.Now()
	}
	m.limits.leave(rec)
	rec.ip, rec.userID, rec.createdAt = ip, userID, createdAt
	rec.item.Age = createdAt.UnixNano()
	rec.item.Group = ipKey(ip, m.cfg.IPv6Prefix)
	m.limits.join(rec)
}

// know makes data the newest state.
func (m *Manager) know(rec *record, data []byte) {
	if rec.item.Queued() {
		m.bytes += int64(len(data) - len(rec.data))
	}
	rec.data, rec.size, rec.sum = data, len(data), maphash.Bytes(m.seed, data)
	rec.seq, rec.saved, rec.refused = 0, 0, false
}

// same reports whether data is the newest state already.
func (m *Manager) same(rec *record, data []byte) bool {
	return rec.size == len(data) && rec.sum == maphash.Bytes(m.seed, data)
}

// accept takes new state if its size allows.
func (m *Manager) accept(rec *record, data []byte) error {
	if limit := m.cfg.MaxSessionBytes; limit >= 0 && len(data) > limit {
		err := &SizeError{Size: len(data), Limit: limit}
		m.counts.lost++
		m.warn(eventStateRefused, rec.id, err)
		return err
	}
	m.know(rec, data)
	return nil
}

// link makes c the session's connection.
func (m *Manager) link(rec *record, c *connection) {
	m.outdate(rec.id)
	m.park(rec, false)
	c.rec = rec
	c.due.Owner, c.age.Owner, c.keep.Owner = c, c, c
	rec.conn = c
	rec.lastActive = m.now()
	m.limits.connect(rec)
}

// unlink ends the session's connection.
func (m *Manager) unlink(rec *record) {
	c := rec.conn
	m.outdate(rec.id)
	m.limits.disconnect(rec)
	rec.conn = nil
	m.shots.due.Remove(&c.due)
	m.shots.ages.Remove(&c.age)
	m.keeps.Remove(&c.keep)
}

// park puts a session among those that may be evicted, or takes it out.
func (m *Manager) park(rec *record, in bool) {
	if rec.item.Queued() == in {
		return
	}
	if in {
		m.detached.Add(&rec.item)
		m.bytes += int64(len(rec.data))
		return
	}
	m.detached.Remove(&rec.item)
	m.bytes -= int64(len(rec.data))
}

// drop forgets a session.
func (m *Manager) drop(rec *record) {
	if rec.conn != nil {
		m.unlink(rec)
	}
	m.park(rec, false)
	m.windows.Remove(&rec.window)
	m.limits.leave(rec)
	delete(m.records, rec.id)
	m.outdate(rec.id)
}

// describe returns a copy of what is known of a session.
func (m *Manager) describe(rec *record) ManagedSession {
	sess := ManagedSession{
		ID: rec.id, IP: rec.ip, UserID: rec.userID,
		CreatedAt: rec.createdAt, LastActive: m.at(rec.lastActive), Connected: rec.conn != nil,
	}
	if c := rec.conn; c != nil {
		sess.Snapshot, sess.OnDurable = c.snapshot, c.onDurable
	} else {
		sess.DisconnectedAt, sess.Data = m.at(rec.disconnectedAt), slices.Clone(rec.data)
	}
	return sess
}

// stored reports whether the store certainly has the newest state and keeps it still, by either clock: they part
// while the machine sleeps.
func (m *Manager) stored(rec *record) bool {
	return rec.saved > m.now() && rec.savedTo > time.Now().UnixMilli()
}
