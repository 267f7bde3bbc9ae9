package storetest

import (
	"context"
	"testing"
	"time"
)

// Server is a private server that a store under test works on, and the faults that the checks bring about. Its methods
// fail the test when they cannot do what they say.
type Server interface {
	// Disconnect makes the server end every client's connection, as an operator's kill command does. Clients may
	// connect again at once.
	Disconnect(t testing.TB)

	// Restart kills the server without warning and starts it again at the same address, on the same data. It
	// returns when the server answers.
	Restart(t testing.TB)

	// Stall makes the server accept connections and requests and never answer, until resume is called. resume may
	// be called again; the server is resumed in any case when the test ends.
	Stall(t testing.TB) (resume func())
}

// serverChecks are for stores whose server can be disturbed.
func serverChecks() []check {
	checks := []check{
		{"after the server ended every connection the store works again and has what it acknowledged", afterDisconnect},
		{"after a restart without warning the store works again and has what it acknowledged", afterRestart},
		{"on a server that does not answer calls end with their contexts", stalledCalls},
		{"a call without a deadline gets one from the store", stalledWithoutDeadline},
		{"Close returns although the server does not answer", stalledClose},
		{"SaveAll that a fault interrupts names whatever it may not have written", interruptedSaveAll},
		{"DeleteAll that a fault interrupts names whatever it may not have deleted", interruptedDeleteAll},
	}
	for i, c := range checks {
		checks[i].run = func(t testing.TB, k *kit) {
			if k.server == nil {
				t.Skip("Options.Server is not set")
			}
			c.run(t, k)
		}
	}
	return checks
}

// disturbable opens a store for one check, on a server of its own.
func (k *kit) disturbable(t testing.TB) (*subject, Server) {
	t.Helper()
	store, server := k.server(t)
	if server == nil {
		t.Fatalf("Options.Server returned no server")
	}
	return k.subject(t, store), server
}

const (
	// callTime is what the calls of these checks get in which a fault may catch them.
	callTime = 10 * time.Second

	// grace is how much later than its context a call may end.
	grace = 5 * time.Second
)

// A call is one method of a store, on a session of its own.
type call struct {
	name string
	make func(ctx context.Context) error
}

// calls returns one call of each method that the store has. Those that write change the session with this ID.
func (s *subject) calls(t testing.TB, id string) []call {
	t.Helper()
	calls := []call{
		{"Save", func(ctx context.Context) error { return s.Save(ctx, id, []byte(id), later()) }},
		{"Load", func(ctx context.Context) error { _, err := s.Load(ctx, id); return err }},
		{"Touch", func(ctx context.Context) error { return s.Touch(ctx, id, later()) }},
		{"Delete", func(ctx context.Context) error { return s.Delete(ctx, id+"-") }},
		{"SaveAll", func(ctx context.Context) error { return s.SaveAll(ctx, batchOf([]string{id}, later())) }},
	}
	if s.kit.opts.Atomic {
		atomic := s.atomic(t)
		calls = append(calls, call{"SaveAllAtomic", func(ctx context.Context) error {
			return atomic.SaveAllAtomic(ctx, batchOf([]string{id}, later()))
		}})
	}
	if s.kit.opts.Batch {
		batch := s.batch(t)
		calls = append(calls,
			call{"LoadAll", func(ctx context.Context) error { _, err := batch.LoadAll(ctx, []string{id}); return err }},
			call{"TouchAll", func(ctx context.Context) error { return batch.TouchAll(ctx, allAt([]string{id}, later())) }},
			call{"DeleteAll", func(ctx context.Context) error { return batch.DeleteAll(ctx, []string{id + "-"}) }})
	}
	if s.kit.opts.Scan {
		scanner := s.scanner(t)
		calls = append(calls, call{"Scan", func(ctx context.Context) error { _, _, err := scanner.Scan(ctx, "", 10); return err }})
	}
	if s.kit.opts.Ping {
		calls = append(calls, call{"Ping", s.pinger(t).Ping})
	}
	if s.kit.opts.Users {
		users := s.users(t)
		calls = append(calls,
			call{"SetUser", func(ctx context.Context) error { return users.SetUser(ctx, id, "user-"+id, later()) }},
			call{"UserSessions", func(ctx context.Context) error { _, err := users.UserSessions(ctx, "user-"+id); return err }},
			call{"RevokeUser", func(ctx context.Context) error { _, err := users.RevokeUser(ctx, "nobody-"+id); return err }})
	}
	return calls
}

// within returns what f does, and fails the check when f takes longer. f is left to itself then: it must not use t.
func within[T any](t testing.TB, limit time.Duration, what string, f func() T) T {
	t.Helper()
	done := make(chan T, 1)
	go func() { done <- f() }()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case result := <-done:
		return result
	case <-timer.C:
		t.Fatalf("%s did not end within %v", what, limit)
	}
	var none T
	return none
}
