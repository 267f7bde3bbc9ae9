package session

import (
	"math/rand/v2"
	"time"

	"github.com/limpet-go/limpet/internal/expiry"
)

// leastKeepalive is for resume windows so short that keeping up with them would be all that the manager does.
const leastKeepalive = time.Second

// keepaliveEvery is how often a connected session's expiry in the store is moved, unless it is saved anyway.
func (m *Manager) keepaliveEvery() int64 { return max(m.window()/3, int64(leastKeepalive)) }

// connectedUntil is the expiry that a connected session's state is given in the store: after a crash at any time
// before the next keepalive it can be resumed for a whole window, and the store has half of the time between two
// keepalives to take the next one.
func (m *Manager) connectedUntil() int64 { return m.now() + m.window() + m.keepaliveEvery()*3/2 }

// settle keeps what is known of a connected session alive in the store from now on.
//
// One that came back in good time is not touched at once: if it leaves again soon, the write of its disconnect is all
// it takes. After a crash before that touch, the window that counts is the one from its last disconnect.
func (m *Manager) settle(c *connection) {
	rec := c.rec
	soon := m.window() > 0 && m.keptFor(rec) >= m.window()/4
	if !soon {
		m.extend(rec, m.connectedUntil()) // what may come too late is not all there is: see touched
	} else if rec.saved != 0 {
		m.lighten(rec)
	}
	if m.pipe == nil || m.window() == 0 {
		return
	}
	if soon {
		m.keeps.at(&c.keep, m.now()+m.soon())
	} else {
		m.keeps.Push(&c.keep, m.now()+m.keepaliveEvery())
	}
	m.wakeAt(c.keep.Due())
}

// soon is how long the first touch of a session that came back may wait: never the same for many who come at once.
func (m *Manager) soon() int64 {
	most := m.window() / 12
	if p := int64(m.cfg.PersistInterval); p >= 0 {
		most = min(most, p)
	}
	return most - rand.Int64N(most*3/4+1)
}

// keptFor is how long the store keeps the newest state of a session that was detached, by either clock; what is on its
// way there counts as kept, since it stays in the queue until the store has it.
func (m *Manager) keptFor(rec *record) int64 {
	switch {
	case rec.seq == 0 || rec.refused:
		return 0
	case rec.saved == 0:
		return rec.windowEnd() - m.now()
	}
	wall := (rec.savedTo - m.mu.time().UnixMilli()) * int64(time.Millisecond)
	return min(rec.saved-m.now(), rec.windowEnd()-m.now(), wall)
}

// keepAlive moves the expiry of connected sessions in the store.
func (m *Manager) keepAlive(now int64) bool {
	for range chunk {
		n := m.keeps.pop(now)
		if n == nil {
			return false
		}
		m.extend(n.Owner.rec, m.connectedUntil())
		m.keeps.at(n, now+m.keepaliveEvery())
	}
	return true
}

// keepalives are connected sessions by when their expiry in the store must be moved, in the slots of a wheel: everything
// takes constant time in whatever order deadlines come, and those of a slot are touched together, in a batch.
type keepalives struct {
	width int64 // of a slot, in nanoseconds; zero when there is no store
	slots [2 * keepaliveSlots]expiry.Queue[connection]
	tick  int64 // no slot before this one, counted from the beginning of time, holds any
	n     int
}

// keepaliveSlots is in how many slots the time between two keepalives is divided.
const keepaliveSlots = 128

// newKeepalives makes a wheel for deadlines that mostly lie no further ahead than every.
func newKeepalives(every int64) keepalives { return keepalives{width: max(every/keepaliveSlots, 1)} }

// slot is where a tick belongs.
func (k *keepalives) slot(tick int64) *expiry.Queue[connection] {
	return &k.slots[tick%int64(len(k.slots))]
}

// Push puts a connection at some time in the half of an interval that ends with latest: those that come all at once are
// spread, and stay so, since the intervals that follow are equal.
func (k *keepalives) Push(n *expiry.Node[connection], latest int64) {
	k.at(n, max(latest-rand.Int64N(k.width*keepaliveSlots/2+1), 0))
}

// at puts a connection in the slot of a time, which comes due with the slot's first moment.
func (k *keepalives) at(n *expiry.Node[connection], due int64) {
	k.Remove(n)
	tick := due / k.width
	if k.n == 0 || tick < k.tick {
		k.tick = tick
	}
	k.slot(tick).Push(n, tick*k.width)
	k.n++
}

// Remove takes a connection out; it does nothing when it is not in.
func (k *keepalives) Remove(n *expiry.Node[connection]) {
	if n.Queued() {
		k.slot(n.Due() / k.width).Remove(n)
		k.n--
	}
}

// first returns the connection whose time comes first, nil when there is none.
func (k *keepalives) first() *expiry.Node[connection] {
	if k.n == 0 {
		return nil
	}
	for ; ; k.tick++ {
		if n := k.slot(k.tick).First(); n != nil && n.Due() == k.tick*k.width {
			return n
		}
	}
}

// pop removes and returns the first connection that is due, nil when none is.
func (k *keepalives) pop(now int64) *expiry.Node[connection] {
	n := k.first()
	if n == nil || n.Due() > now {
		return nil
	}
	k.Remove(n)
	return n
}
