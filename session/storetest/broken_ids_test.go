package storetest

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/limpet-go/limpet/session"
)

func brokenIDs() []brokenStore {
	const refusesSave = "ids/saving any other ID is ErrInvalidSessionID and writes nothing"
	rename := func(f func(id string) string) func(m *session.MemoryStore) session.SessionStore {
		return func(m *session.MemoryStore) session.SessionStore { return renaming(m, f) }
	}
	return []brokenStore{
		{
			name:  "folds case",
			fails: []string{"ids/IDs that differ only in case are different sessions"},
			make:  rename(strings.ToLower),
		},
		{
			name:  "trims spaces",
			fails: []string{refusesSave, "ids/Touch and Delete treat any other ID as missing"},
			make:  rename(strings.TrimSpace),
		},
		{
			name:  "truncates IDs to 64 bytes",
			fails: []string{refusesSave},
			make:  rename(func(id string) string { return id[:min(64, len(id))] }),
		},
		{
			name:  "truncates IDs to 60 bytes",
			fails: []string{"ids/an ID has 1 to 64 bytes"},
			make:  rename(func(id string) string { return id[:min(60, len(id))] }),
		},
		{
			name:  "escapes what it does not like",
			fails: []string{refusesSave},
			make:  rename(url.PathEscape),
		},
		{
			name:  "takes backslashes for slashes",
			fails: []string{"ids/every printable ASCII byte is allowed"},
			make:  rename(func(id string) string { return strings.ReplaceAll(id, `\`, "/") }),
		},
		{
			name:  "deletes by pattern",
			fails: []string{"ids/IDs are compared byte for byte"},
			make:  deletesByPattern,
		},
		{
			name: "fails for invalid IDs that are only asked for",
			fails: []string{
				"ids/Load treats any other ID as missing",
				"ids/Touch and Delete treat any other ID as missing",
			},
			make: refusesToLook,
		},
		{
			name:  "asks the backend about invalid IDs",
			fails: []string{"ids/none of them does IO for it"},
			make: func(m *session.MemoryStore) session.SessionStore {
				c := &counted{}
				c.hooked = renaming(m, func(id string) string { c.operations.Add(1); return id })
				return c
			},
			opts: func(o *Options) {
				o.IO = func(s session.SessionStore) int64 { return s.(*counted).operations.Load() }
			},
		},
	}
}

// counted counts the calls that reach the MemoryStore.
type counted struct {
	*hooked
	operations atomic.Int64
}

func deletesByPattern(m *session.MemoryStore) session.SessionStore {
	var seen memo
	return &hooked{
		MemoryStore: m,
		save: func(ctx context.Context, id string, data []byte, at time.Time) error {
			seen.set(id, nil)
			return m.Save(ctx, id, data, at)
		},
		remove: func(ctx context.Context, id string) error {
			prefix, wild := strings.CutSuffix(id, "%")
			if !wild {
				return m.Delete(ctx, id)
			}
			var errs []error
			for _, other := range seen.ids() {
				if strings.HasPrefix(other, prefix) {
					errs = append(errs, m.Delete(ctx, other))
				}
			}
			return errors.Join(errs...)
		},
	}
}

func refusesToLook(m *session.MemoryStore) session.SessionStore {
	refuse := func(id string) error {
		if id == "" || len(id) > 64 || strings.ContainsFunc(id, func(r rune) bool { return r < 0x21 || r > 0x7e }) {
			return session.ErrInvalidSessionID
		}
		return nil
	}
	return &hooked{
		MemoryStore: m,
		load: func(ctx context.Context, id string) ([]byte, error) {
			data, err := m.Load(ctx, id)
			return data, errors.Join(err, refuse(id))
		},
		remove: func(ctx context.Context, id string) error { return errors.Join(m.Delete(ctx, id), refuse(id)) },
		touch: func(ctx context.Context, id string, at time.Time) error {
			return errors.Join(m.Touch(ctx, id, at), refuse(id))
		},
	}
}
