package storetest

import (
	"iter"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/limpet-go/limpet/session"
)

// A brokenStore breaks the contract in one way.
type brokenStore struct {
	name  string
	fails []string // checks that must fail, as area/check; others may
	make  func(m *session.MemoryStore) session.SessionStore
	opts  func(o *Options) // nil: those of the MemoryStore
}

func brokenStores() []brokenStore {
	return slices.Concat(brokenIDs(), brokenData(), brokenExpiry(), brokenBatches(), brokenAtomic(), brokenContexts(),
		brokenLifecycle(), brokenConcurrency(), brokenCapabilities(), brokenBatchStore(), brokenBatchErrors(),
		brokenScan(), brokenPing(), brokenUsers(), brokenRevoke(), brokenServer())
}

// sound makes a MemoryStore without a sweeper, so that a broken Close leaves no goroutine behind.
func sound() *session.MemoryStore { return session.NewMemoryStore(session.WithCleanupInterval(-1)) }

// verdicts runs the checks that pick picks, each on a store made from a sound one, and returns what the failing ones
// said first and which were skipped.
func verdicts(t *testing.T, b brokenStore, pick func(name string) bool) (failed map[string]string, skipped []string) {
	k := &kit{opts: Options{Atomic: true, Batch: true, Scan: true, Ping: true, Users: true, VirtualTime: true}}
	if b.opts != nil {
		b.opts(&k.opts)
	}
	k.open = func(testing.TB) session.SessionStore { return b.make(sound()) }
	if k.opts.Clients != nil {
		k.clients = func(_ testing.TB, n int) []session.SessionStore { return k.opts.Clients(t, n) }
	}
	if k.opts.Server != nil {
		k.server = func(testing.TB) (session.SessionStore, Server) { return k.opts.Server(t) }
	}
	failed = map[string]string{}
	run := func(name string, c check) {
		switch r := record(k, c); {
		case r.skipped:
			skipped = append(skipped, name)
		case len(r.failures) > 0:
			failed[name] = r.failures[0]
		}
	}
	synctest.Test(t, func(*testing.T) {
		for name, c := range everyCheck() {
			if pick(name) {
				run(name, c)
			}
		}
	})
	return failed, skipped
}

// everyCheck yields all checks under the names their subtests have.
func everyCheck() iter.Seq2[string, check] {
	return func(yield func(string, check) bool) {
		for _, a := range areas() {
			for _, c := range a.checks {
				if !yield(a.name+"/"+c.name, c) {
					return
				}
			}
		}
	}
}

// The store the broken ones are made of passes, so that a failure below is due to what was broken.
func TestKitPassesASoundStore(t *testing.T) {
	whole := brokenStore{
		make: func(m *session.MemoryStore) session.SessionStore { return &hooked{MemoryStore: m} },
		opts: served(func(*fakeServer) {}),
	}
	failed, skipped := verdicts(t, whole, func(string) bool { return true })
	for check, why := range failed {
		t.Errorf("%s: %s", check, why)
	}
	want := []string{
		"ids/none of them does IO for it",
		"data/a negative limit is none",
		"lifecycle/Close of one client leaves the others at work",
	}
	if !slices.Equal(skipped, want) {
		t.Errorf("skipped %q; want %q", skipped, want)
	}
}

func TestKitFailsEveryBrokenStore(t *testing.T) {
	for _, b := range brokenStores() {
		t.Run(b.name, func(t *testing.T) {
			failed, _ := verdicts(t, b, func(name string) bool { return slices.Contains(b.fails, name) })
			for _, check := range b.fails {
				why := failed[check]
				if why == "" || strings.HasPrefix(why, "panic:") {
					t.Errorf("%q should fail; it says %q", check, why)
				}
				t.Logf("%s: %s", check, why)
			}
		})
	}
}

// Nothing is known of a check that no broken store fails.
func TestEveryCheckHasABrokenStore(t *testing.T) {
	caught := map[string]bool{}
	for _, b := range brokenStores() {
		for _, check := range b.fails {
			caught[check] = true
		}
	}
	for name := range everyCheck() {
		if !caught[name] {
			t.Errorf("no broken store fails %q", name)
		}
	}
}
