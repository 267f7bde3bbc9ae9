package storetest

import (
	"context"
	"time"

	"github.com/limpet-go/limpet/session"
)

// capabilityHooks are the optional methods of a hooked store that do something else.
type capabilityHooks struct {
	loadAll      func(ctx context.Context, ids []string) (map[string][]byte, error)
	touchAll     func(ctx context.Context, expiries map[string]time.Time) error
	removeAll    func(ctx context.Context, ids []string) error
	list         func(ctx context.Context, cursor string, limit int) ([]session.SessionInfo, string, error)
	answer       func(ctx context.Context) error
	setUser      func(ctx context.Context, id, user string, at time.Time) error
	userSessions func(ctx context.Context, user string) ([]session.SessionInfo, error)
	revoke       func(ctx context.Context, user string) ([]string, error)
}

func (h *hooked) LoadAll(ctx context.Context, ids []string) (map[string][]byte, error) {
	if h.loadAll != nil {
		return h.loadAll(ctx, ids)
	}
	return h.MemoryStore.LoadAll(ctx, ids)
}

func (h *hooked) TouchAll(ctx context.Context, expiries map[string]time.Time) error {
	if h.touchAll != nil {
		return h.touchAll(ctx, expiries)
	}
	return h.MemoryStore.TouchAll(ctx, expiries)
}

func (h *hooked) DeleteAll(ctx context.Context, ids []string) error {
	if h.removeAll != nil {
		return h.removeAll(ctx, ids)
	}
	return h.MemoryStore.DeleteAll(ctx, ids)
}

func (h *hooked) Scan(ctx context.Context, cursor string, limit int) ([]session.SessionInfo, string, error) {
	if h.list != nil {
		return h.list(ctx, cursor, limit)
	}
	return h.MemoryStore.Scan(ctx, cursor, limit)
}

func (h *hooked) Ping(ctx context.Context) error {
	if h.answer != nil {
		return h.answer(ctx)
	}
	return h.MemoryStore.Ping(ctx)
}

func (h *hooked) SetUser(ctx context.Context, id, user string, at time.Time) error {
	if h.setUser != nil {
		return h.setUser(ctx, id, user, at)
	}
	return h.MemoryStore.SetUser(ctx, id, user, at)
}

func (h *hooked) UserSessions(ctx context.Context, user string) ([]session.SessionInfo, error) {
	if h.userSessions != nil {
		return h.userSessions(ctx, user)
	}
	return h.MemoryStore.UserSessions(ctx, user)
}

func (h *hooked) RevokeUser(ctx context.Context, user string) ([]string, error) {
	if h.revoke != nil {
		return h.revoke(ctx, user)
	}
	return h.MemoryStore.RevokeUser(ctx, user)
}

// hook makes a store of a sound one by setting some of its methods.
func hook(set func(m *session.MemoryStore, h *hooked)) func(m *session.MemoryStore) session.SessionStore {
	return func(m *session.MemoryStore) session.SessionStore {
		h := &hooked{MemoryStore: m}
		set(m, h)
		return h
	}
}
