package session

import (
	"time"

	"github.com/limpet-go/limpet/internal/expiry"
	"github.com/limpet-go/limpet/internal/lifecycle"
	"github.com/limpet-go/limpet/internal/persist"
)

// live returns the record of a session, after dropping one whose window has ended.
func (m *Manager) live(id string, now int64) *record {
	rec := m.records.find(id)
	if rec != nil && rec.state == lifecycle.Detached && rec.windowEnd() <= now {
		m.expire(rec)
		return nil
	}
	return rec
}

// expire ends a session whose window has ended.
func (m *Manager) expire(rec *record) {
	m.move(rec, lifecycle.WindowEnds)
	id := rec.name()
	m.graves.expire(id, m.stale(rec), m.now(), m.memory())
	if hook := m.cfg.OnExpire; hook != nil {
		m.later(func() { hook(id) })
	}
}

// stale reports whether the store has something else than this process last wanted it to have.
func (m *Manager) stale(rec *record) bool {
	if m.pipe == nil || rec.size < 0 {
		return false
	}
	return rec.saved == 0 || rec.saved > rec.windowEnd() || m.pipe.Lookup(rec.id).Op != persist.None
}

// leastMemory is how long ended sessions are remembered at least: a disconnect may come late however short the window.
const leastMemory = int64(time.Minute)

// memory is how long ended sessions are remembered.
func (m *Manager) memory() int64 {
	if w := m.cfg.ResumeWindow; w > 0 {
		return max(leastMemory, 2*int64(w))
	}
	return 2 * int64(DefaultManagerConfig().ResumeWindow)
}

// missing says why a session is not here, as far as this process knows.
func (m *Manager) missing(id string) error {
	switch m.ended(id, m.unsaved(id)) {
	case lifecycle.Removed:
		return ErrSessionRemoved
	case lifecycle.Expired:
		return ErrSessionExpired
	}
	return ErrSessionNotFound
}

// ended returns where a session stands that is not in memory, given what is on its way to the store.
func (m *Manager) ended(id string, unsaved persist.Write) lifecycle.State {
	switch g := m.graves.find(id, m.now()); {
	case unsaved.Op == persist.Delete || g != nil && g.removed:
		return lifecycle.Removed
	case g != nil:
		return lifecycle.Expired
	}
	return lifecycle.Absent
}

// removed reports whether this process removed a session.
func (m *Manager) removed(id string) bool {
	return m.ended(id, m.unsaved(id)) == lifecycle.Removed
}

// mostExpired is how many expired sessions are remembered at once. Removed ones are all remembered.
const mostExpired = 1 << 16

// graveyard remembers sessions that ended, for a time.
type graveyard struct {
	byID             map[string]*grave
	removed, expired expiry.Queue[grave]
}

type grave struct {
	id      string
	removed bool
	stale   bool // the store may still have an outdated copy
	node    expiry.Node[grave]
}

func newGraveyard() graveyard { return graveyard{byID: map[string]*grave{}} }

// find returns what is remembered of an ended session.
func (g *graveyard) find(id string, now int64) *grave {
	if found := g.byID[id]; found != nil && found.node.Due() > now {
		return found
	}
	return nil
}

// remove remembers a removal until now plus keep, expire an expiry.
func (g *graveyard) remove(id string, now, keep int64) {
	g.bury(&grave{id: id, removed: true}, now, keep)
}

func (g *graveyard) expire(id string, stale bool, now, keep int64) {
	if old := g.find(id, now); old == nil || !old.removed {
		g.bury(&grave{id: id, stale: stale}, now, keep)
	}
}

func (g *graveyard) bury(dead *grave, now, keep int64) {
	g.forget(dead.id)
	g.byID[dead.id] = dead
	dead.node.Owner = dead
	if dead.removed {
		g.removed.Push(&dead.node, now+keep)
	} else {
		g.expired.Push(&dead.node, now+keep)
	}
	if g.expired.Len() > mostExpired {
		g.forget(g.expired.First().Owner.id)
	}
	g.prune(now)
}

// prune forgets a few whose time has come, more than come in with each burial, and reports whether there were any.
func (g *graveyard) prune(now int64) (any bool) {
	for range 2 {
		for _, queue := range []*expiry.Queue[grave]{&g.removed, &g.expired} {
			if n := queue.Pop(now); n != nil {
				delete(g.byID, n.Owner.id)
				any = true
			}
		}
	}
	return any
}

// forget takes back what is remembered of a session.
func (g *graveyard) forget(id string) {
	old := g.byID[id]
	if old == nil {
		return
	}
	delete(g.byID, id)
	if old.removed {
		g.removed.Remove(&old.node)
	} else {
		g.expired.Remove(&old.node)
	}
}
