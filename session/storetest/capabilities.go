package storetest

import (
	"reflect"
	"testing"

	"github.com/limpet-go/limpet/session"
)

func capabilityChecks() []check {
	return []check{
		{"the store has the capabilities it declares and no others", declared},
		{"capabilities are found through a wrapper", throughWrapper},
	}
}

// wrapper adds nothing and hides everything that is not a SessionStore.
type wrapper struct{ session.SessionStore }

func (w wrapper) Unwrap() session.SessionStore { return w.SessionStore }

func declared(t testing.TB, k *kit) { checkDeclared(t, k, k.store(t).SessionStore) }

func throughWrapper(t testing.TB, k *kit) { checkDeclared(t, k, wrapper{k.store(t).SessionStore}) }

func checkDeclared(t testing.TB, k *kit, s session.SessionStore) {
	t.Helper()
	agrees(t, "AtomicKVStore", "Atomic", has[session.AtomicKVStore](s), k.opts.Atomic)
	agrees(t, "BatchStore", "Batch", has[session.BatchStore](s), k.opts.Batch)
	agrees(t, "Scanner", "Scan", has[session.Scanner](s), k.opts.Scan)
	agrees(t, "Pinger", "Ping", has[session.Pinger](s), k.opts.Ping)
	agrees(t, "UserIndex", "Users", has[session.UserIndex](s), k.opts.Users)
}

func has[T any](s session.SessionStore) bool {
	_, ok := session.As[T](s)
	return ok
}

func agrees(t testing.TB, capability, option string, found, declared bool) {
	t.Helper()
	if found != declared {
		t.Errorf("session.As finds a session.%s: %v; Options.%s: %v", capability, found, option, declared)
	}
}

// ifDeclared makes checks that are for stores with an option set.
func ifDeclared(option string, is func(Options) bool, checks []check) []check {
	for i, c := range checks {
		checks[i].run = func(t testing.TB, k *kit) {
			if !is(k.opts) {
				t.Skip("Options." + option + " is not set")
			}
			c.run(t, k)
		}
	}
	return checks
}

// capability finds what the store is declared to have.
func capability[T any](t testing.TB, s *subject) T {
	t.Helper()
	c, ok := session.As[T](s.SessionStore)
	if !ok {
		t.Fatalf("session.As finds no %v in a store that is declared to have it", reflect.TypeFor[T]())
	}
	return c
}
