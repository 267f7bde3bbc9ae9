// Package storetest checks that a session.SessionStore keeps the contract all stores share.
//
// One line adopts it:
//
//	func TestConformance(t *testing.T) {
//		storetest.Run(t, openMyStore, storetest.Options{Atomic: true})
//	}
//
// Each sentence of the contract is a subtest named for it. The checks use IDs of their own, so that stores may
// share a database, and run in parallel within an area. They wait for conditions, not for fixed times.
//
// Not checked are promises that only the store's own package can bring about: what its options do, what a server
// that stalls or dies does to a call, who closes the underlying client.
package storetest

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpet-go/limpet/session"
)

// Options says what is true of the store under test. The zero value is a plain store with the default size limit,
// in real time.
type Options struct {
	// Atomic says that session.As finds a session.AtomicKVStore. The store fails when it is not so, and also
	// when it has the capability and does not declare it.
	Atomic bool

	// MaxBytes is the store's limit of one session's data. Zero is session.DefaultMaxSessionBytes; negative is
	// no limit.
	MaxBytes int

	// TouchPrecision is to what Touch rounds an expiry up, for stores whose backend has no finer grain. Zero is
	// a millisecond.
	TouchPrecision time.Duration

	// VirtualTime runs every check in a testing/synctest bubble: expiry is then checked to the millisecond and
	// takes no time. It is for stores that block on nothing outside the process.
	VirtualTime bool

	// Clients opens n stores on one and the same data, as n processes would. When it is nil, checks with
	// several clients share one store. Close them with t.Cleanup; the checks close them too.
	Clients func(t *testing.T, n int) []session.SessionStore

	// IO returns how many operations the store has sent to its backend so far. When it is nil, nothing checks
	// that calls with invalid IDs do no I/O.
	IO func(store session.SessionStore) int64
}

// Run checks the stores that open returns, one for every check. open is called from parallel subtests. It closes
// what it opened beside the store with t.Cleanup; the store itself is closed by the checks.
func Run(t *testing.T, open func(t *testing.T) session.SessionStore, opts Options) {
	t.Helper()
	k := &kit{opts: opts, open: func(tb testing.TB) session.SessionStore { return open(tb.(*testing.T)) }}
	if opts.Clients != nil {
		k.clients = func(tb testing.TB, n int) []session.SessionStore { return opts.Clients(tb.(*testing.T), n) }
	}
	for _, a := range areas() {
		t.Run(a.name, func(t *testing.T) {
			for _, c := range a.checks {
				t.Run(c.name, func(t *testing.T) {
					t.Parallel()
					k.runOne(t, c)
				})
			}
		})
	}
}

// An area is a file of this package: the checks of one part of the contract.
type area struct {
	name   string
	checks []check
}

// A check is one sentence of the contract.
type check struct {
	name string
	run  func(t testing.TB, k *kit)
}

func areas() []area {
	return []area{
		{"ids", idChecks()},
		{"data", dataChecks()},
		{"expiry", expiryChecks()},
		{"batches", batchChecks()},
		{"atomic", atomicChecks()},
		{"contexts", contextChecks()},
		{"lifecycle", lifecycleChecks()},
		{"concurrency", concurrencyChecks()},
		{"capabilities", capabilityChecks()},
	}
}

func (k *kit) runOne(t *testing.T, c check) {
	if k.opts.VirtualTime {
		synctest.Test(t, func(t *testing.T) { c.run(t, k) })
		return
	}
	c.run(t, k)
}
