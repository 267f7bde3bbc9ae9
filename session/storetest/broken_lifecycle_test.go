package storetest

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/limpet-go/limpet/session"
)

func brokenLifecycle() []brokenStore {
	return []brokenStore{
		{
			name: "goes on after Close",
			fails: []string{
				"lifecycle/after Close every call is ErrStoreClosed",
				"lifecycle/after Close empty batches and invalid IDs are ErrStoreClosed too",
				"lifecycle/Close may be called from many goroutines",
				"lifecycle/Close lets running calls end and fails those that follow",
			},
			make: func(m *session.MemoryStore) session.SessionStore {
				return &hooked{MemoryStore: m, end: func() error { return nil }}
			},
		},
		{
			name:  "has nothing to do for an empty batch, closed or not",
			fails: []string{"lifecycle/after Close empty batches and invalid IDs are ErrStoreClosed too"},
			make: batching(func(ctx context.Context, m *session.MemoryStore, b batch) error {
				if len(b) == 0 {
					return nil
				}
				return m.SaveAll(ctx, b)
			}),
		},
		{
			name: "closes once only",
			fails: []string{
				"lifecycle/Close is idempotent",
				"lifecycle/Close may be called from many goroutines",
			},
			make: func(m *session.MemoryStore) session.SessionStore {
				var closed atomic.Bool
				return &hooked{MemoryStore: m, end: func() error {
					if closed.Swap(true) {
						return errors.New("session: close of a closed store")
					}
					return m.Close()
				}}
			},
		},
		{
			name:  "fails with an error of the backend's once it is closed",
			fails: []string{"lifecycle/Close lets running calls end and fails those that follow"},
			make: batching(func(ctx context.Context, m *session.MemoryStore, b batch) error {
				if err := m.SaveAll(ctx, b); errors.Is(err, session.ErrStoreClosed{}) {
					return errors.New("sql: database is closed")
				}
				return nil
			}),
		},
		{
			name:  "closes what its clients share",
			fails: []string{"lifecycle/Close of one client leaves the others at work"},
			make:  func(m *session.MemoryStore) session.SessionStore { return m },
			opts: func(o *Options) {
				o.Clients = func(_ *testing.T, n int) []session.SessionStore {
					m := sound()
					clients := make([]session.SessionStore, n)
					for i := range clients {
						clients[i] = m
					}
					return clients
				}
			},
		},
	}
}
