package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

// pingChecks are for stores declared Ping.
func pingChecks() []check {
	return ifDeclared("Ping", func(o Options) bool { return o.Ping }, []check{
		{"an open store answers", pingOpen},
		{"a context that has ended is its error", pingCanceled},
		{"after Close Ping is ErrStoreClosed", pingClosed},
	})
}

func (s *subject) pinger(t testing.TB) session.Pinger {
	t.Helper()
	return capability[session.Pinger](t, s)
}

func (s *subject) ping(t testing.TB) {
	t.Helper()
	if err := s.pinger(t).Ping(s.ctx); err != nil {
		t.Fatalf("Ping: %v", err)
	}
}

func pingOpen(t testing.TB, k *kit) {
	s := k.store(t)
	s.ping(t)
	s.save(t, newID(""), nil, later())
	s.ping(t)
	if err := together(8, func(int) error { return s.pinger(t).Ping(s.ctx) }); err != nil {
		t.Fatalf("Ping: %v", err)
	}
}

func pingCanceled(t testing.TB, k *kit) {
	s := k.store(t)
	fails(t, "Ping", s.pinger(t).Ping(canceled()), context.Canceled)
	ctx, cancel := context.WithDeadline(context.Background(), time.Now().Add(-time.Second))
	defer cancel()
	fails(t, "Ping", s.pinger(t).Ping(ctx), context.DeadlineExceeded)
}

func pingClosed(t testing.TB, k *kit) {
	s := k.store(t)
	p := s.pinger(t)
	s.close(t)
	for range 2 {
		fails(t, "Ping", p.Ping(s.ctx), session.ErrStoreClosed{})
	}
}
