package storetest

import (
	"context"
	"errors"

	"github.com/limpet-go/limpet/session"
)

func brokenPing() []brokenStore {
	return []brokenStore{
		{
			name: "always answers",
			fails: []string{
				"ping/a context that has ended is its error",
				"ping/after Close Ping is ErrStoreClosed",
			},
			make: answering(func(context.Context, error) error { return nil }),
		},
		{
			name:  "never answers",
			fails: []string{"ping/an open store answers"},
			make:  answering(func(context.Context, error) error { return errors.New("session: no such command") }),
		},
	}
}

func answering(f func(ctx context.Context, err error) error) func(m *session.MemoryStore) session.SessionStore {
	return hook(func(m *session.MemoryStore, h *hooked) {
		h.answer = func(ctx context.Context) error { return f(ctx, m.Ping(ctx)) }
	})
}
