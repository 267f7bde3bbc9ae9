package storetest

import (
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
	if _, has := session.As[session.AtomicKVStore](s); has != k.opts.Atomic {
		t.Fatalf("session.As finds AtomicKVStore: %v; Options.Atomic: %v", has, k.opts.Atomic)
	}
}
