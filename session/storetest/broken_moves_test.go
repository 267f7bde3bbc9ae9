package storetest

import (
	"bytes"
	"context"
	"time"

	"github.com/limpet-go/limpet/session"
)

// writing is a store that does something to every batch before it writes it; a Save is a batch of one.
func writing(m *session.MemoryStore, f func(ctx context.Context, b batch) batch) *hooked {
	return &hooked{
		MemoryStore: m,
		save: func(ctx context.Context, id string, data []byte, at time.Time) error {
			for id, one := range f(ctx, batch{id: {Data: data, ExpiresAt: at}}) {
				return m.Save(ctx, id, one.Data, one.ExpiresAt)
			}
			return nil
		},
		saveAll:       func(ctx context.Context, b batch) error { return m.SaveAll(ctx, f(ctx, b)) },
		saveAllAtomic: func(ctx context.Context, b batch) error { return m.SaveAllAtomic(ctx, f(ctx, b)) },
	}
}

func skipsUnchanged(m *session.MemoryStore) session.SessionStore {
	return writing(m, func(ctx context.Context, b batch) batch {
		changed := batch{}
		for id, one := range b {
			if old, err := m.Load(ctx, id); err != nil || old == nil || !bytes.Equal(old, one.Data) {
				changed[id] = one
			}
		}
		return changed
	})
}

// bounding is a store that chooses between the expiry a live session has and the one it is saved with.
func bounding(choose func(old, at time.Time) time.Time) func(m *session.MemoryStore) session.SessionStore {
	return func(m *session.MemoryStore) session.SessionStore {
		return writing(m, func(ctx context.Context, b batch) batch {
			chosen := batch{}
			for id, one := range b {
				var old time.Time
				for info, err := range session.Sessions(ctx, m) {
					if err == nil && info.ID == id {
						old = info.ExpiresAt
					}
				}
				chosen[id] = session.SessionData{Data: one.Data, ExpiresAt: choose(old, one.ExpiresAt)}
			}
			return chosen
		})
	}
}
