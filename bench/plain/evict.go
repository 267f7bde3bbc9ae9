package plain

import (
	"math/rand/v2"
	"slices"

	"github.com/limpet-go/limpet/session"
)

// evict drops one detached session, which has been saved or is being saved. The lock is held.
func (m *Manager) evict() {
	switch m.cfg.Policy {
	case session.EvictionOldest:
		m.drop(m.oldest())
	case session.EvictionRandom:
		all := m.detached()
		m.drop(all[rand.IntN(len(all))])
	default:
		m.drop(m.lru.Front().Value.(*managed))
	}
}

// oldest sorts the detached sessions by age.
func (m *Manager) oldest() *managed {
	all := m.detached()
	slices.SortFunc(all, func(a, b *managed) int { return a.CreatedAt.Compare(b.CreatedAt) })
	return all[0]
}

func (m *Manager) detached() []*managed {
	var all []*managed
	for _, s := range m.sessions {
		if !s.Connected {
			all = append(all, s)
		}
	}
	return all
}
