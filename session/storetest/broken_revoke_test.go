package storetest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

func brokenRevoke() []brokenStore {
	const (
		all     = "revoke/RevokeUser deletes every session of the user and no other"
		unsaved = "revoke/RevokeUser names sessions that are not saved yet"
		repeat  = "revoke/a repeat finds what was saved again"
		former  = "revoke/RevokeUser leaves alone what the user has no longer"
		atOnce  = "revoke/whoever logged in before RevokeUser began is logged out, whatever else goes on"
	)
	return []brokenStore{
		{
			name:  "takes revoked sessions out of the index and leaves them",
			fails: []string{all, repeat, atOnce},
			make: revoking(func(ctx context.Context, m *session.MemoryStore, user string) ([]string, error) {
				list, err := m.UserSessions(ctx, user)
				ids := idsOf(list)
				for _, id := range ids {
					err = errors.Join(err, m.SetUser(ctx, id, "", time.Time{}))
				}
				return ids, err
			}),
		},
		{
			name:  "revokes what is live and forgets the rest",
			fails: []string{unsaved, repeat},
			make: revoking(func(ctx context.Context, m *session.MemoryStore, user string) ([]string, error) {
				list, err := m.UserSessions(ctx, user)
				return idsOf(list), errors.Join(err, m.DeleteAll(ctx, idsOf(list)))
			}),
		},
		{
			name:  "takes the entries along when it revokes",
			fails: []string{repeat},
			make: revoking(func(ctx context.Context, m *session.MemoryStore, user string) ([]string, error) {
				ids, err := m.RevokeUser(ctx, user)
				for _, id := range ids {
					err = errors.Join(err, m.SetUser(ctx, id, "", time.Time{}))
				}
				return ids, err
			}),
		},
		{
			name:  "revokes everybody",
			fails: []string{all},
			make: revoking(func(ctx context.Context, m *session.MemoryStore, user string) ([]string, error) {
				for info, err := range session.Sessions(ctx, m) {
					if err != nil {
						return nil, err
					}
					if err := m.Delete(ctx, info.ID); err != nil {
						return nil, err
					}
				}
				return m.RevokeUser(ctx, user)
			}),
		},
		{
			name:  "remembers every user that a session had",
			fails: []string{former},
			make:  revokesFormer,
		},
		{
			name:  "revokes what it had listed a moment ago",
			fails: []string{atOnce},
			make:  revokesLate,
		},
	}
}

func revoking(
	f func(ctx context.Context, m *session.MemoryStore, user string) ([]string, error),
) func(m *session.MemoryStore) session.SessionStore {
	return hook(func(m *session.MemoryStore, h *hooked) {
		h.revoke = func(ctx context.Context, user string) ([]string, error) { return f(ctx, m, user) }
	})
}

func idsOf(list []session.SessionInfo) []string {
	var ids []string
	for _, info := range list {
		ids = append(ids, info.ID)
	}
	return ids
}

func revokesFormer(m *session.MemoryStore) session.SessionStore {
	var mu sync.Mutex
	had := map[string][]string{}
	h := &hooked{MemoryStore: m}
	h.setUser = func(ctx context.Context, id, user string, at time.Time) error {
		mu.Lock()
		defer mu.Unlock()
		had[user] = append(had[user], id)
		return m.SetUser(ctx, id, user, at)
	}
	h.revoke = func(ctx context.Context, user string) ([]string, error) {
		mu.Lock()
		defer mu.Unlock()
		return had[user], m.DeleteAll(ctx, had[user])
	}
	return h
}

// revokesLate deletes what a cache of the index holds, which is refreshed once in a while.
func revokesLate(m *session.MemoryStore) session.SessionStore {
	var mu sync.Mutex
	var cached []string
	var at time.Time
	h := &hooked{MemoryStore: m}
	h.revoke = func(ctx context.Context, user string) ([]string, error) {
		mu.Lock()
		defer mu.Unlock()
		if time.Since(at) > 5*time.Millisecond {
			list, err := m.UserSessions(ctx, user)
			if err != nil {
				return nil, err
			}
			cached, at = idsOf(list), time.Now()
		}
		return cached, m.DeleteAll(ctx, cached)
	}
	return h
}

// separateIndexes opens clients of the same sessions, each with a user index of its own.
func separateIndexes(_ *testing.T, n int) []session.SessionStore {
	m := sound()
	clients := make([]session.SessionStore, n)
	for i := range clients {
		h := &hooked{MemoryStore: m}
		renamesUsers(m, h, func(user string) string { return user + string(rune('a'+i)) })
		clients[i] = h
	}
	return clients
}
