package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/limpet-go/limpet/session"
)

func brokenAtomic() []brokenStore {
	oneByOne := func(ctx context.Context, m *session.MemoryStore, b batch) error {
		for i, id := range sorted(b) {
			if i > 0 && len(b) == 50 || len(b) == 30 {
				pause(time.Millisecond)
			}
			if err := m.Save(ctx, id, b[id].Data, b[id].ExpiresAt); err != nil {
				return err
			}
		}
		return nil
	}
	return []brokenStore{
		{
			name: "writes an atomic batch one by one",
			fails: []string{
				"atomic/one invalid ID, and nothing is written",
				"atomic/one session too large, and nothing is written",
				"atomic/no reader sees half a batch",
				"atomic/of two batches at once one wins whole",
			},
			make: atomically(oneByOne),
		},
		{
			name:  "drops one session of an atomic batch",
			fails: []string{"atomic/SaveAllAtomic writes every session"},
			make: atomically(func(ctx context.Context, m *session.MemoryStore, b batch) error {
				rest := batch{}
				for i, id := range sorted(b) {
					if i != 99 {
						rest[id] = b[id]
					}
				}
				return m.SaveAllAtomic(ctx, rest)
			}),
		},
		{
			name:  "refuses an empty atomic batch",
			fails: []string{"atomic/an empty batch is saved"},
			make: atomically(func(ctx context.Context, m *session.MemoryStore, b batch) error {
				if len(b) == 0 {
					return errors.New("session: MULTI without commands")
				}
				return m.SaveAllAtomic(ctx, b)
			}),
		},
	}
}

func atomically(
	f func(ctx context.Context, m *session.MemoryStore, b batch) error,
) func(m *session.MemoryStore) session.SessionStore {
	return func(m *session.MemoryStore) session.SessionStore {
		return &hooked{MemoryStore: m, saveAllAtomic: func(ctx context.Context, b batch) error { return f(ctx, m, b) }}
	}
}
