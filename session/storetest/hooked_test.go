package storetest

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/limpet-go/limpet/session"
)

type batch = map[string]session.SessionData

// hooked is a MemoryStore some of whose methods do something else.
type hooked struct {
	*session.MemoryStore
	save          func(ctx context.Context, id string, data []byte, at time.Time) error
	load          func(ctx context.Context, id string) ([]byte, error)
	remove        func(ctx context.Context, id string) error
	touch         func(ctx context.Context, id string, at time.Time) error
	saveAll       func(ctx context.Context, b batch) error
	saveAllAtomic func(ctx context.Context, b batch) error
	end           func() error
	capabilityHooks
}

func (h *hooked) Save(ctx context.Context, id string, data []byte, at time.Time) error {
	if h.save != nil {
		return h.save(ctx, id, data, at)
	}
	return h.MemoryStore.Save(ctx, id, data, at)
}

func (h *hooked) Load(ctx context.Context, id string) ([]byte, error) {
	if h.load != nil {
		return h.load(ctx, id)
	}
	return h.MemoryStore.Load(ctx, id)
}

func (h *hooked) Delete(ctx context.Context, id string) error {
	if h.remove != nil {
		return h.remove(ctx, id)
	}
	return h.MemoryStore.Delete(ctx, id)
}

func (h *hooked) Touch(ctx context.Context, id string, at time.Time) error {
	if h.touch != nil {
		return h.touch(ctx, id, at)
	}
	return h.MemoryStore.Touch(ctx, id, at)
}

func (h *hooked) SaveAll(ctx context.Context, b batch) error {
	if h.saveAll != nil {
		return h.saveAll(ctx, b)
	}
	return h.MemoryStore.SaveAll(ctx, b)
}

func (h *hooked) SaveAllAtomic(ctx context.Context, b batch) error {
	if h.saveAllAtomic != nil {
		return h.saveAllAtomic(ctx, b)
	}
	return h.MemoryStore.SaveAllAtomic(ctx, b)
}

func (h *hooked) Close() error {
	if h.end != nil {
		return h.end()
	}
	return h.MemoryStore.Close()
}

// renaming is a store that changes every ID before it uses it.
func renaming(m *session.MemoryStore, f func(id string) string) *hooked {
	all := func(b batch) batch {
		renamed := batch{}
		for id, s := range b {
			renamed[f(id)] = s
		}
		return renamed
	}
	return &hooked{
		MemoryStore: m,
		save: func(ctx context.Context, id string, data []byte, at time.Time) error {
			return m.Save(ctx, f(id), data, at)
		},
		load:          func(ctx context.Context, id string) ([]byte, error) { return m.Load(ctx, f(id)) },
		remove:        func(ctx context.Context, id string) error { return m.Delete(ctx, f(id)) },
		touch:         func(ctx context.Context, id string, at time.Time) error { return m.Touch(ctx, f(id), at) },
		saveAll:       func(ctx context.Context, b batch) error { return m.SaveAll(ctx, all(b)) },
		saveAllAtomic: func(ctx context.Context, b batch) error { return m.SaveAllAtomic(ctx, all(b)) },
	}
}

// timing is a store that changes every expiry before it uses it.
func timing(m *session.MemoryStore, f func(at time.Time) time.Time) *hooked {
	all := func(b batch) batch {
		changed := maps.Clone(b)
		for id, s := range changed {
			s.ExpiresAt = f(s.ExpiresAt)
			changed[id] = s
		}
		return changed
	}
	return &hooked{
		MemoryStore: m,
		save: func(ctx context.Context, id string, data []byte, at time.Time) error {
			return m.Save(ctx, id, data, f(at))
		},
		touch:         func(ctx context.Context, id string, at time.Time) error { return m.Touch(ctx, id, f(at)) },
		saveAll:       func(ctx context.Context, b batch) error { return m.SaveAll(ctx, all(b)) },
		saveAllAtomic: func(ctx context.Context, b batch) error { return m.SaveAllAtomic(ctx, all(b)) },
	}
}

// memo is a map with a lock.
type memo struct {
	mu sync.Mutex
	m  map[string][]byte
}

func (m *memo) set(id string, data []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.m == nil {
		m.m = map[string][]byte{}
	}
	m.m[id] = data
}

func (m *memo) get(id string) ([]byte, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	data, ok := m.m[id]
	return data, ok
}

func (m *memo) ids() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var ids []string
	for id := range m.m {
		ids = append(ids, id)
	}
	return ids
}
