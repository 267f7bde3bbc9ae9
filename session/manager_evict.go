package session

import (
	"math/rand/v2"

	"github.com/limpet-go/limpet/internal/evict"
	"github.com/limpet-go/limpet/internal/lifecycle"
	"github.com/limpet-go/limpet/internal/persist"
)

func (m *Manager) newEvictionQueue() evict.Queue[record] {
	switch m.cfg.EvictionPolicy {
	case EvictionOldest:
		return evict.NewOldest[record]()
	case EvictionRandom:
		return evict.NewRandom[record](rand.IntN)
	case EvictionFair:
		return evict.NewFair(func(rec *record) address { return rec.address().key(m.cfg.IPv6Prefix) })
	}
	return evict.NewLRU[record]()
}

// shrink evicts detached sessions until their limits hold.
func (m *Manager) shrink() {
	for m.tooMany() {
		m.evict(m.detached.Next())
	}
}

func (m *Manager) tooMany() bool {
	n, most, bytes := m.detached.Len(), m.cfg.MaxDetachedSessions, m.cfg.MaxDetachedBytes
	return n > 0 && (most >= 0 && n > most || bytes >= 0 && m.bytes > bytes)
}

// evict frees a detached session's memory. Its state is in the store or on its way there; if only a touch is on its way
// that comes too late in an outage, the state goes along.
func (m *Manager) evict(rec *record) {
	if rec.data != nil && rec.saved < rec.windowEnd() && m.unsaved(rec.id).Op == persist.Touch {
		m.save(rec, rec.windowEnd(), nil)
	}
	m.move(rec, lifecycle.Evict)
	if hook := m.cfg.OnEvict; hook != nil {
		id := rec.name()
		m.later(func() { hook(id) })
	}
}
