package session

import (
	"context"
	"math"
	"strings"
	"time"

	"github.com/limpet-go/limpet/internal/evict"
	"github.com/limpet-go/limpet/internal/expiry"
	"github.com/limpet-go/limpet/internal/lifecycle"
)

// record is a session in memory. There may be millions that are detached: each field counts, and what few sessions have
// is elsewhere.
type record struct {
	id   string // in the same allocation, see allocate: name gives it to others
	data []byte // newest state, never changed in place; nil when there is none or only the store has it

	conn  *connection // while state.Attached
	more  *more       // nil if there is nothing of it
	place evict.Links[record]
	wait  expiry.Links[record] // its deadline is the end of the window, also while a resume is held

	createdAt  int64  // nanoseconds since 1970
	lastActive int64  // on the manager's clock, as all but the next one
	savedTo    int64  // as saved, by the wall clock in Unix milliseconds
	saved      int64  // until when the store acknowledged to keep the newest state; zero before it did
	seq        uint64 // of the write that takes the newest state to the store; zero when there is none
	sum        uint64 // hash of the newest state

	hi, lo  uint64 // of the client's address
	kind    addressKind
	state   lifecycle.State
	refused bool  // the store will never take the newest state, and has an older one at best
	utc     bool  // createdAt was given in UTC
	size    int32 // of the newest state, -1 when none was ever known
}

// connection is one connection's hold on a session. An Attachment names it.
type connection struct {
	rec       *record
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

// more is what few records have.
type more struct{ ip, userID string }

// EvictLinks is for the queue of those that may be evicted.
func (r *record) EvictLinks() *evict.Links[record] { return &r.place }

// EvictAge says that the oldest was created first.
func (r *record) EvictAge() int64 { return r.createdAt }

// ExpiryLinks is for the line of those whose window runs.
func (r *record) ExpiryLinks() *expiry.Links[record] { return &r.wait }

// name returns the ID as a string that does not keep the record in memory.
func (r *record) name() string { return strings.Clone(r.id) }

// windowEnd returns the end of the window of a session that is detached, or was when it was resumed.
func (r *record) windowEnd() int64 { return r.wait.Due() }

func (r *record) userID() string {
	if r.more == nil {
		return ""
	}
	return r.more.userID
}

func (r *record) address() address {
	a := address{hi: r.hi, lo: r.lo, kind: r.kind}
	if r.more != nil {
		a.text = r.more.ip
	}
	return a
}

// client is what a host says of a session that does not change by itself.
type client struct {
	at      address
	userID  string
	created time.Time
}

// client returns what was said last.
func (r *record) client() client {
	created := time.Unix(0, r.createdAt)
	if r.utc {
		created = created.UTC()
	}
	return client{r.address(), r.userID(), created}
}

// clientOf returns what a description says of the client.
func clientOf(sess *ManagedSession) client {
	return client{parseAddress(sess.IP), sess.UserID, sess.CreatedAt}
}

// describeAs notes what the host says of a session that is not among those that may be evicted.
func (m *Manager) describeAs(rec *record, c client) {
	if rec.createdAt == 0 || !c.created.IsZero() {
		m.bear(rec, c.created)
	}
	if rec.hi == c.at.hi && rec.lo == c.at.lo && rec.kind == c.at.kind && rec.more == nil && c.at.text == "" && c.userID == "" {
		return
	}
	m.limits.leave(rec)
	rec.hi, rec.lo, rec.kind, rec.more = c.at.hi, c.at.lo, c.at.kind, nil
	if c.at.text != "" || c.userID != "" {
		rec.more = &more{c.at.text, strings.Clone(c.userID)}
	}
	m.limits.join(rec)
}

// bear sets when a session was created. Instants that nanoseconds since 1970 cannot say become the nearest that they can.
func (m *Manager) bear(rec *record, at time.Time) {
	if at.IsZero() {
		at = m.mu.time()
	}
	switch year := at.UTC().Year(); {
	case year < 1678:
		rec.createdAt = math.MinInt64
	case year > 2261:
		rec.createdAt = math.MaxInt64
	default:
		rec.createdAt = at.UnixNano()
	}
	rec.utc = at.Location() == time.UTC
}

// newRecord makes the record of a session that is not in memory. It is in none of the queues before it moves.
func (m *Manager) newRecord(id string, from lifecycle.State, c client) *record {
	rec := allocate(id)
	rec.size, rec.state, rec.lastActive = -1, from, m.now()
	m.describeAs(rec, c)
	return rec
}

// content is a state and its hash, which is best computed while no lock is held.
type content struct {
	data []byte
	sum  uint64
}

func (m *Manager) contentOf(data []byte) content {
	if data == nil {
		return content{}
	}
	return content{data, m.hash(data)}
}

// know makes data the newest state.
func (m *Manager) know(rec *record, data []byte) { m.learn(rec, m.contentOf(data)) }

// learn is know for what is hashed already.
func (m *Manager) learn(rec *record, c content) {
	m.keep(rec, c.data)
	rec.size, rec.sum = sizeOf(c.data), c.sum
	rec.seq, rec.saved, rec.refused = 0, 0, false
}

// keep puts the bytes of the newest state in memory, or frees them.
func (m *Manager) keep(rec *record, data []byte) {
	if rec.state.Evictable() {
		m.bytes += int64(len(data) - len(rec.data))
	}
	rec.data = data
}

// sizeOf returns the length of a state as records have it.
func sizeOf(data []byte) int32 { return int32(min(len(data), math.MaxInt32)) }

// same reports whether data is the newest state already.
func (m *Manager) same(rec *record, data []byte) bool { return rec.has(m.contentOf(data)) }

// has is same for what is hashed already.
func (r *record) has(c content) bool { return r.size == sizeOf(c.data) && r.sum == c.sum }

// accept takes new state if its size allows.
func (m *Manager) accept(rec *record, c content) error {
	if limit := m.cfg.MaxSessionBytes; limit >= 0 && len(c.data) > limit {
		err := &SizeError{Size: len(c.data), Limit: limit}
		m.counts.lost++
		m.warn(eventStateRefused, rec.id, err)
		return err
	}
	m.learn(rec, c)
	return nil
}

// stored reports whether the store certainly has the newest state and keeps it still, by either clock: they part
// while the machine sleeps.
func (m *Manager) stored(rec *record) bool {
	return rec.saved > m.now() && rec.savedTo > m.mu.time().UnixMilli()
}
