package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/limpet-go/limpet/session"
)

func brokenContexts() []brokenStore {
	return []brokenStore{
		{
			name: "ignores contexts",
			fails: []string{
				"contexts/a canceled Save fails and writes nothing",
				"contexts/a canceled Load fails, and is not a missing session",
				"contexts/a canceled Delete fails and deletes nothing",
				"contexts/a canceled Touch fails and moves nothing",
				"contexts/a canceled SaveAll fails, writes nothing and names every session",
				"contexts/a deadline that has passed is context.DeadlineExceeded",
				"atomic/a context that has ended, and nothing is written",
			},
			make: func(m *session.MemoryStore) session.SessionStore {
				return inContext(m, context.WithoutCancel, func(ctx context.Context, err error) error { return err })
			},
		},
		{
			name: "looks at the context when it has done the work",
			fails: []string{
				"contexts/a canceled Save fails and writes nothing",
				"contexts/a canceled Delete fails and deletes nothing",
				"contexts/a canceled Touch fails and moves nothing",
				"contexts/a canceled SaveAll fails, writes nothing and names every session",
				"atomic/a context that has ended, and nothing is written",
			},
			make: func(m *session.MemoryStore) session.SessionStore {
				return inContext(m, context.WithoutCancel, func(ctx context.Context, err error) error {
					return errors.Join(err, ctx.Err())
				})
			},
		},
		{
			name:  "calls every context error a timeout",
			fails: []string{"contexts/a canceled Load fails, and is not a missing session"},
			make: func(m *session.MemoryStore) session.SessionStore {
				return inContext(m, same, func(ctx context.Context, err error) error {
					if ctx.Err() != nil {
						return context.DeadlineExceeded
					}
					return err
				})
			},
		},
		{
			name:  "undoes its work when the context ends later",
			fails: []string{"contexts/a context that ends after the call changes nothing"},
			make: func(m *session.MemoryStore) session.SessionStore {
				return &hooked{MemoryStore: m, save: func(ctx context.Context, id string, data []byte, at time.Time) error {
					context.AfterFunc(ctx, func() { _ = m.Delete(context.Background(), id) })
					return m.Save(ctx, id, data, at)
				}}
			},
		},
	}
}

func same(ctx context.Context) context.Context { return ctx }

// inContext is a store that works in a context made from the caller's, and makes its errors from what came of it.
func inContext(
	m *session.MemoryStore,
	inner func(context.Context) context.Context,
	outcome func(ctx context.Context, err error) error,
) session.SessionStore {
	return &hooked{
		MemoryStore: m,
		save: func(ctx context.Context, id string, data []byte, at time.Time) error {
			return outcome(ctx, m.Save(inner(ctx), id, data, at))
		},
		load: func(ctx context.Context, id string) ([]byte, error) {
			data, err := m.Load(inner(ctx), id)
			return data, outcome(ctx, err)
		},
		remove: func(ctx context.Context, id string) error { return outcome(ctx, m.Delete(inner(ctx), id)) },
		touch: func(ctx context.Context, id string, at time.Time) error {
			return outcome(ctx, m.Touch(inner(ctx), id, at))
		},
		saveAll:       func(ctx context.Context, b batch) error { return outcome(ctx, m.SaveAll(inner(ctx), b)) },
		saveAllAtomic: func(ctx context.Context, b batch) error { return outcome(ctx, m.SaveAllAtomic(inner(ctx), b)) },
	}
}
