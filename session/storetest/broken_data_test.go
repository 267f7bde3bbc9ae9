package storetest

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"time"

	"github.com/limpet-go/limpet/session"
)

func brokenData() []brokenStore {
	return []brokenStore{
		{
			name:  "keeps the caller's slice",
			fails: []string{"data/Save copies data in"},
			make:  func(m *session.MemoryStore) session.SessionStore { return keepsSlices(m, true, false, false) },
		},
		{
			name:  "keeps the slices of a batch",
			fails: []string{"data/SaveAll copies data in"},
			make:  func(m *session.MemoryStore) session.SessionStore { return keepsSlices(m, false, true, false) },
		},
		{
			name:  "keeps the slices of an atomic batch",
			fails: []string{"atomic/SaveAllAtomic copies data in"},
			make:  func(m *session.MemoryStore) session.SessionStore { return keepsSlices(m, false, false, true) },
		},
		{
			name:  "returns its own slice",
			fails: []string{"data/Load copies data out"},
			make:  returnsOwnSlice,
		},
		{
			name:  "encrypts the caller's bytes in place",
			fails: []string{"data/Save and SaveAll leave the caller's data as it was"},
			make: saving(func(data []byte) []byte {
				kept := bytes.Clone(data)
				clear(data)
				return kept
			}),
		},
		{
			name:  "ends data at the first NUL",
			fails: []string{"data/Save then Load returns the same bytes"},
			make:  saving(func(data []byte) []byte { return bytes.SplitN(data, []byte{0}, 2)[0] }),
		},
		{
			name:  "cuts data at 64 KiB",
			fails: []string{"data/70 KB are kept whole", "data/data of exactly the limit is kept"},
			make:  saving(func(data []byte) []byte { return data[:min(len(data), 1<<16-1)] }),
		},
		{
			name:  "loads empty data as missing",
			fails: []string{"data/nil and empty data load as empty, non-nil bytes"},
			make: loading(func(data []byte) ([]byte, error) {
				if len(data) == 0 {
					return nil, nil
				}
				return data, nil
			}),
		},
		{
			name:  "calls a missing session an error",
			fails: []string{"data/a missing session loads as nil without an error"},
			make: loading(func(data []byte) ([]byte, error) {
				if data == nil {
					return nil, session.ErrSessionNotFound
				}
				return data, nil
			}),
		},
		{
			name:  "leaves the end of longer data behind",
			fails: []string{"data/Save replaces what was there, longer or shorter"},
			make:  leavesTheEnd,
		},
		{
			name:  "deletes the other session too",
			fails: []string{"data/Delete removes a session and no other"},
			make:  deletesAll,
		},
		{
			name:  "calls the Delete of a missing session an error",
			fails: []string{"data/Delete of a missing session is nil", "expiry/Delete of an expired session is nil"},
			make:  deleteWants,
		},
		{
			name:  "allows a byte less than the limit",
			fails: []string{"data/data of exactly the limit is kept"},
			make:  limited(session.DefaultMaxSessionBytes - 1),
		},
		{
			name: "has no limit",
			fails: []string{
				"data/one byte more is a SizeError that names the size and the limit",
				"atomic/one session too large, and nothing is written",
			},
			make: limited(-1),
		},
		{
			name:  "has a limit and should have none",
			fails: []string{"data/a negative limit is none"},
			make:  limited(0),
			opts:  func(o *Options) { o.MaxBytes = -1 },
		},
	}
}

// saving is a store that changes data before it saves it, alone or in a batch.
func saving(f func(data []byte) []byte) func(m *session.MemoryStore) session.SessionStore {
	return func(m *session.MemoryStore) session.SessionStore {
		return &hooked{
			MemoryStore: m,
			save: func(ctx context.Context, id string, data []byte, at time.Time) error {
				return m.Save(ctx, id, f(data), at)
			},
			saveAll: func(ctx context.Context, b batch) error {
				b = maps.Clone(b)
				for id, s := range b {
					s.Data = f(s.Data)
					b[id] = s
				}
				return m.SaveAll(ctx, b)
			},
		}
	}
}

// loading is a store that changes what it loaded.
func loading(f func(data []byte) ([]byte, error)) func(m *session.MemoryStore) session.SessionStore {
	return func(m *session.MemoryStore) session.SessionStore {
		return &hooked{MemoryStore: m, load: func(ctx context.Context, id string) ([]byte, error) {
			data, err := m.Load(ctx, id)
			if err != nil {
				return nil, err
			}
			return f(data)
		}}
	}
}

func limited(n int) func(*session.MemoryStore) session.SessionStore {
	return func(*session.MemoryStore) session.SessionStore {
		return session.NewMemoryStore(session.WithMemoryMaxBytes(n), session.WithCleanupInterval(-1))
	}
}

// keepsSlices keeps the slices it is given by the calls named, and loads what they hold by then.
func keepsSlices(m *session.MemoryStore, save, saveAll, saveAllAtomic bool) session.SessionStore {
	var kept memo
	h := &hooked{MemoryStore: m}
	h.load = func(ctx context.Context, id string) ([]byte, error) {
		data, err := m.Load(ctx, id)
		if slice, ok := kept.get(id); ok && data != nil {
			data = bytes.Clone(slice)
		}
		return data, err
	}
	if save {
		h.save = func(ctx context.Context, id string, data []byte, at time.Time) error {
			kept.set(id, data)
			return m.Save(ctx, id, data, at)
		}
	}
	keeping := func(write func(context.Context, batch) error) func(context.Context, batch) error {
		return func(ctx context.Context, b batch) error {
			for id, s := range b {
				kept.set(id, s.Data)
			}
			return write(ctx, b)
		}
	}
	if saveAll {
		h.saveAll = keeping(m.SaveAll)
	}
	if saveAllAtomic {
		h.saveAllAtomic = keeping(m.SaveAllAtomic)
	}
	return h
}

func returnsOwnSlice(m *session.MemoryStore) session.SessionStore {
	var own memo
	return &hooked{MemoryStore: m, load: func(ctx context.Context, id string) ([]byte, error) {
		data, err := m.Load(ctx, id)
		if slice, ok := own.get(id); ok && len(slice) == len(data) {
			return slice, err
		}
		own.set(id, data)
		return data, err
	}}
}

func leavesTheEnd(m *session.MemoryStore) session.SessionStore {
	return &hooked{MemoryStore: m, save: func(ctx context.Context, id string, data []byte, at time.Time) error {
		if old, _ := m.Load(ctx, id); len(old) > len(data) {
			data = append(bytes.Clone(data), old[len(data):]...)
		}
		return m.Save(ctx, id, data, at)
	}}
}

func deletesAll(m *session.MemoryStore) session.SessionStore {
	var seen memo
	return &hooked{
		MemoryStore: m,
		save: func(ctx context.Context, id string, data []byte, at time.Time) error {
			seen.set(id, nil)
			return m.Save(ctx, id, data, at)
		},
		remove: func(ctx context.Context, id string) error {
			for _, other := range seen.ids() {
				if err := m.Delete(ctx, other); err != nil {
					return err
				}
			}
			return m.Delete(ctx, id)
		},
	}
}

func deleteWants(m *session.MemoryStore) session.SessionStore {
	return &hooked{MemoryStore: m, remove: func(ctx context.Context, id string) error {
		if data, err := m.Load(ctx, id); data == nil {
			return errors.Join(session.ErrSessionNotFound, err)
		}
		return m.Delete(ctx, id)
	}}
}
