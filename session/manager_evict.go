package session

import (
	"math/rand/v2"

	"github.com/limpet-go/limpet/internal/evict"
)

func newEvictionQueue(policy EvictionPolicy) evict.Queue[record] {
	switch policy {
	case EvictionOldest:
		return evict.NewOldest[record]()
	case EvictionRandom:
		return evict.NewRandom[record](rand.IntN)
	case EvictionFair:
		return evict.NewFair[record]()
	}
	return evict.NewLRU[record]()
}

// shrink evicts detached sessions until their limits hold.
func (m *Manager) shrink() {
	for m.tooMany() {
		m.evict(m.detached.Next().Owner)
	}
}

func (m *Manager) tooMany() bool {
	n, most, bytes := m.detached.Len(), m.cfg.MaxDetachedSessions, m.cfg.MaxDetachedBytes
	return n > 0 && (most >= 0 && n > most || bytes >= 0 && m.bytes > bytes)
}

// evict frees a detached session's memory. Its state is in the store or on its way there.
func (m *Manager) evict(rec *record) {
	m.drop(rec)
	m.counts.evicted++
	if hook, id := m.cfg.OnEvict, rec.id; hook != nil {
		m.later(func() { hook(id) })
	}
}
