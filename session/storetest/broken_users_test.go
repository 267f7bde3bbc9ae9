package storetest

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/limpet-go/limpet/session"
)

func brokenUsers() []brokenStore {
	const (
		before   = "users/a session set before its first Save is listed from the Save on"
		after    = "users/a session set after its Save is listed at once"
		info     = "users/each session is listed once, with its size and expiry"
		change   = "users/SetUser takes a session from the user it had"
		removed  = "users/an empty user ID takes a session out"
		invalid  = "users/an invalid session ID is ErrInvalidSessionID and changes nothing"
		bytes    = "users/user IDs are compared byte for byte, whatever they are"
		ended    = "users/what has expired or was deleted is not listed"
		outlives = "users/an entry holds for as long as its session lives, however it is saved and touched"
		back     = "users/an entry holds until its own expiry when the session is deleted and saved again"
		many     = "users/2,000 sessions of one user are listed and revoked"
		missed   = "users/no listing misses a session while others come and go"
		canceled = "users/a context that has ended is an error and changes nothing"
	)
	users := func(f func(user string) string) func(m *session.MemoryStore) session.SessionStore {
		return hook(func(m *session.MemoryStore, h *hooked) { renamesUsers(m, h, f) })
	}
	return []brokenStore{
		{name: "folds the case of user IDs", fails: []string{bytes}, make: users(strings.ToLower)},
		{name: "pads user IDs", fails: []string{bytes}, make: users(func(u string) string { return strings.TrimRight(u, " ") })},
		{name: "ends user IDs at a NUL", fails: []string{bytes}, make: users(func(u string) string {
			u, _, _ = strings.Cut(u, "\x00")
			return u
		})},
		{name: "truncates user IDs to 1,023 bytes", fails: []string{bytes}, make: users(func(u string) string { return u[:min(1023, len(u))] })},
		{name: "mends the UTF-8 of user IDs", fails: []string{bytes}, make: users(func(u string) string { return strings.ToValidUTF8(u, "?") })},
		{
			name:  "wants user IDs in UTF-8",
			fails: []string{bytes},
			make: setting(func(ctx context.Context, m *session.MemoryStore, id, user string, at time.Time) error {
				if !utf8.ValidString(user) {
					return errors.New("session: invalid byte sequence")
				}
				return m.SetUser(ctx, id, user, at)
			}),
		},
		{
			name:  "sets users of saved sessions only",
			fails: []string{before, "revoke/RevokeUser names sessions that are not saved yet"},
			make: setting(func(ctx context.Context, m *session.MemoryStore, id, user string, at time.Time) error {
				if data, err := m.Load(ctx, id); data == nil {
					return err
				}
				return m.SetUser(ctx, id, user, at)
			}),
		},
		{
			name:  "learns of users at the next Save",
			fails: []string{after, change, removed},
			make:  setsAtSave,
		},
		{
			name:  "lists a session as often as its user was set",
			fails: []string{info},
			make:  listsTwice,
		},
		{
			name:  "lists IDs without what they are",
			fails: []string{info},
			make: owning(func(m *session.MemoryStore, user string, got []session.SessionInfo) []session.SessionInfo {
				for i := range got {
					got[i].ExpiresAt = time.Time{}
				}
				return got
			}),
		},
		{
			name:  "keeps the first user",
			fails: []string{change},
			make:  keepsFirstUser,
		},
		{
			name:  "takes an empty user ID for a user",
			fails: []string{removed},
			make: setting(func(ctx context.Context, m *session.MemoryStore, id, user string, at time.Time) error {
				if user == "" {
					return nil
				}
				return m.SetUser(ctx, id, user, at)
			}),
		},
		{
			name:  "lists strangers' sessions for the empty user ID",
			fails: []string{"users/nobody has no sessions, and so has the empty user ID"},
			make: owning(func(m *session.MemoryStore, user string, got []session.SessionInfo) []session.SessionInfo {
				if user == "" {
					got, _, _ = m.Scan(context.Background(), "", 0) // as sound as the rest
				}
				return got
			}),
		},
		{
			name:  "trims session IDs when it sets a user",
			fails: []string{invalid},
			make: setting(func(ctx context.Context, m *session.MemoryStore, id, user string, at time.Time) error {
				return m.SetUser(ctx, strings.TrimSpace(id), user, at)
			}),
		},
		{
			name:  "lists entries without a look at their sessions",
			fails: []string{before, ended},
			make:  listsEntries,
		},
		{
			name:  "forgets an entry when it expires",
			fails: []string{outlives},
			make:  forgetsEntries,
		},
		{
			name:  "forgets the user of a session that is deleted",
			fails: []string{back},
			make: hook(func(m *session.MemoryStore, h *hooked) {
				h.remove = func(ctx context.Context, id string) error {
					return errors.Join(m.SetUser(ctx, id, "", time.Time{}), m.Delete(ctx, id))
				}
			}),
		},
		{
			name:  "lists the first thousand of a user's sessions",
			fails: []string{many},
			make: owning(func(m *session.MemoryStore, user string, got []session.SessionInfo) []session.SessionInfo {
				return got[:min(1000, len(got))]
			}),
		},
		{
			name:  "loses what is set while a user is listed",
			fails: []string{missed},
			make:  losesWhileListing,
		},
		{
			name:  "ignores the contexts of users",
			fails: []string{canceled},
			make: setting(func(ctx context.Context, m *session.MemoryStore, id, user string, at time.Time) error {
				return m.SetUser(context.WithoutCancel(ctx), id, user, at)
			}),
		},
		{
			name:  "has no sessions when it is closed",
			fails: []string{"users/after Close every call is ErrStoreClosed"},
			make: hook(func(m *session.MemoryStore, h *hooked) {
				h.userSessions = func(ctx context.Context, user string) ([]session.SessionInfo, error) {
					if list, err := m.UserSessions(ctx, user); !errors.Is(err, session.ErrStoreClosed{}) {
						return list, err
					}
					return nil, nil
				}
			}),
		},
		{
			name:  "names user and session in an error",
			fails: []string{invalid, canceled, "users/after Close every call is ErrStoreClosed"},
			make: setting(func(ctx context.Context, m *session.MemoryStore, id, user string, at time.Time) error {
				if err := m.SetUser(ctx, id, user, at); err != nil {
					return errors.Join(errors.New(id+" of "+user), err)
				}
				return nil
			}),
		},
		{
			name:  "has an index in each client",
			fails: []string{"users/every client sees an entry at once"},
			make:  func(m *session.MemoryStore) session.SessionStore { return m },
			opts:  func(o *Options) { o.Clients = separateIndexes },
		},
	}
}

// setting is a store whose SetUser does something else.
func setting(
	f func(ctx context.Context, m *session.MemoryStore, id, user string, at time.Time) error,
) func(m *session.MemoryStore) session.SessionStore {
	return hook(func(m *session.MemoryStore, h *hooked) {
		h.setUser = func(ctx context.Context, id, user string, at time.Time) error { return f(ctx, m, id, user, at) }
	})
}

// owning is a store that does something to what UserSessions returns.
func owning(
	f func(m *session.MemoryStore, user string, got []session.SessionInfo) []session.SessionInfo,
) func(m *session.MemoryStore) session.SessionStore {
	return hook(func(m *session.MemoryStore, h *hooked) {
		h.userSessions = func(ctx context.Context, user string) ([]session.SessionInfo, error) {
			got, err := m.UserSessions(ctx, user)
			if err == nil {
				got = f(m, user, got)
			}
			return got, err
		}
	})
}

func renamesUsers(m *session.MemoryStore, h *hooked, f func(user string) string) {
	h.setUser = func(ctx context.Context, id, user string, at time.Time) error {
		return m.SetUser(ctx, id, f(user), at)
	}
	h.userSessions = func(ctx context.Context, user string) ([]session.SessionInfo, error) {
		return m.UserSessions(ctx, f(user))
	}
	h.revoke = func(ctx context.Context, user string) ([]string, error) { return m.RevokeUser(ctx, f(user)) }
}

func setsAtSave(m *session.MemoryStore) session.SessionStore {
	var users memo
	h := &hooked{MemoryStore: m}
	h.setUser = func(ctx context.Context, id, user string, at time.Time) error {
		users.set(id, []byte(user))
		return nil
	}
	h.save = func(ctx context.Context, id string, data []byte, at time.Time) error {
		if user, ok := users.get(id); ok {
			return errors.Join(m.SetUser(ctx, id, string(user), at), m.Save(ctx, id, data, at))
		}
		return m.Save(ctx, id, data, at)
	}
	return h
}

func listsTwice(m *session.MemoryStore) session.SessionStore {
	calls := 0
	h := &hooked{MemoryStore: m}
	h.setUser = func(ctx context.Context, id, user string, at time.Time) error {
		calls++
		return m.SetUser(ctx, id, user, at)
	}
	h.userSessions = func(ctx context.Context, user string) ([]session.SessionInfo, error) {
		list, err := m.UserSessions(ctx, user)
		if calls > len(list) {
			list = append(list, list...)
		}
		return list, err
	}
	return h
}

func keepsFirstUser(m *session.MemoryStore) session.SessionStore {
	var users memo
	return &hooked{MemoryStore: m, capabilityHooks: capabilityHooks{
		setUser: func(ctx context.Context, id, user string, at time.Time) error {
			if _, ok := users.get(id); ok && user != "" {
				return nil
			}
			users.set(id, nil)
			return m.SetUser(ctx, id, user, at)
		},
	}}
}

func listsEntries(m *session.MemoryStore) session.SessionStore {
	var users memo
	h := &hooked{MemoryStore: m}
	h.setUser = func(ctx context.Context, id, user string, at time.Time) error {
		users.set(id, []byte(user))
		return m.SetUser(ctx, id, user, at)
	}
	h.userSessions = func(ctx context.Context, user string) ([]session.SessionInfo, error) {
		var list []session.SessionInfo
		for _, id := range users.ids() {
			if u, _ := users.get(id); string(u) == user {
				list = append(list, session.SessionInfo{ID: id})
			}
		}
		return list, nil
	}
	return h
}

// forgetsEntries removes an entry at its own expiry, as a key with a time to live goes.
func forgetsEntries(m *session.MemoryStore) session.SessionStore {
	return &hooked{MemoryStore: m, capabilityHooks: capabilityHooks{
		setUser: func(ctx context.Context, id, user string, at time.Time) error {
			if left := time.Until(at); left < time.Second {
				time.AfterFunc(left, func() { _ = m.SetUser(context.Background(), id, "", at) }) // fails only when closed
			}
			return m.SetUser(ctx, id, user, at)
		},
	}}
}

// losesWhileListing reads a user's sessions, and writes back what it found when it is done.
func losesWhileListing(m *session.MemoryStore) session.SessionStore {
	var mu sync.Mutex
	hidden := map[string]bool{}
	listing := 0
	h := &hooked{MemoryStore: m}
	h.setUser = func(ctx context.Context, id, user string, at time.Time) error {
		mu.Lock()
		defer mu.Unlock()
		if listing > 0 {
			hidden[id] = true
		}
		return m.SetUser(ctx, id, user, at)
	}
	h.userSessions = func(ctx context.Context, user string) ([]session.SessionInfo, error) {
		mu.Lock()
		listing++
		mu.Unlock()
		pause(time.Millisecond)
		list, err := m.UserSessions(ctx, user)
		mu.Lock()
		defer mu.Unlock()
		listing--
		var kept []session.SessionInfo
		for _, info := range list {
			if !hidden[info.ID] {
				kept = append(kept, info)
			}
		}
		return kept, err
	}
	return h
}
