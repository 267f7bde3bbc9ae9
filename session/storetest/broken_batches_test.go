package storetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/limpet-go/limpet/session"
)

func brokenBatches() []brokenStore {
	const refusedStays = "batches/a refused session does not cost the others"
	return []brokenStore{
		{
			name:  "drops one session of a batch",
			fails: []string{"batches/SaveAll writes every session of 1,500"},
			make: batching(func(ctx context.Context, m *session.MemoryStore, b batch) error {
				b = maps.Clone(b)
				if ids := sorted(b); len(ids) > 100 {
					delete(b, ids[len(ids)-1])
				}
				return m.SaveAll(ctx, b)
			}),
		},
		{
			name:  "inserts where it should replace",
			fails: []string{"batches/SaveAll replaces what was there"},
			make: batching(func(ctx context.Context, m *session.MemoryStore, b batch) error {
				b = maps.Clone(b)
				for id := range b {
					if data, _ := m.Load(ctx, id); data != nil {
						delete(b, id)
					}
				}
				return m.SaveAll(ctx, b)
			}),
		},
		{
			name:  "writes what lies between the IDs of a batch",
			fails: []string{"batches/SaveAll leaves other sessions alone"},
			make: batching(func(ctx context.Context, m *session.MemoryStore, b batch) error {
				if ids := sorted(b); len(ids) == 2 {
					if err := m.Delete(ctx, ids[0][:len(ids[0])-1]+"1"); err != nil {
						return err
					}
				}
				return m.SaveAll(ctx, b)
			}),
		},
		{
			name:  "refuses an empty batch",
			fails: []string{"batches/an empty batch is saved"},
			make: batching(func(ctx context.Context, m *session.MemoryStore, b batch) error {
				if len(b) == 0 {
					return errors.New("session: syntax error near VALUES")
				}
				return m.SaveAll(ctx, b)
			}),
		},
		{
			name:  "sends a batch in one packet",
			fails: []string{"batches/a batch of 20 MiB is split, not refused"},
			make: batching(func(ctx context.Context, m *session.MemoryStore, b batch) error {
				size := 0
				for _, s := range b {
					size += len(s.Data)
				}
				if size > 16<<20 {
					return errors.New("session: packet too large")
				}
				return m.SaveAll(ctx, b)
			}),
		},
		{
			name:  "saves nothing of a batch with a refused session",
			fails: []string{refusedStays, "batches/the error names exactly what was not saved"},
			make: batching(func(ctx context.Context, m *session.MemoryStore, b batch) error {
				return m.SaveAllAtomic(ctx, b)
			}),
		},
		{
			name:  "leaves refused sessions out in silence",
			fails: []string{refusedStays, "batches/the error names exactly what was not saved"},
			make: batching(func(ctx context.Context, m *session.MemoryStore, b batch) error {
				err := m.SaveAll(ctx, b)
				if errors.As(err, new(*session.NotSavedError)) && ctx.Err() == nil {
					return nil
				}
				return err
			}),
		},
		{
			name:  "lists IDs in the text of an error",
			fails: []string{"batches/the error's text has the number and no ID"},
			make: batching(func(ctx context.Context, m *session.MemoryStore, b batch) error {
				err := m.SaveAll(ctx, b)
				if err != nil {
					return fmt.Errorf("%s: %w", strings.Join(sorted(b), ", "), err)
				}
				return nil
			}),
		},
	}
}

func batching(
	f func(ctx context.Context, m *session.MemoryStore, b batch) error,
) func(m *session.MemoryStore) session.SessionStore {
	return func(m *session.MemoryStore) session.SessionStore {
		return &hooked{MemoryStore: m, saveAll: func(ctx context.Context, b batch) error { return f(ctx, m, b) }}
	}
}

func sorted(b batch) []string { return slices.Sorted(maps.Keys(b)) }
