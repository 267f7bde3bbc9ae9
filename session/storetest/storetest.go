// Package storetest checks that a session.SessionStore keeps the contract all stores share.
//
// One line adopts it:
//
//	func TestConformance(t *testing.T) {
//		storetest.Run(t, openMyStore, storetest.Options{Atomic: true})
//	}
//
// docs/writing-a-store.md makes a store with it.
//
// Each sentence of the contract is a subtest named for it. The checks use IDs of their own, so that stores may share a
// database, and several run at once. They wait for conditions, not for fixed times.
//
// What faults of a server do is checked when Options.Server gives the checks servers that they may disturb. Not checked
// are promises that only the store's own package can bring about: what its options do, who closes the underlying
// client, which failures a store retries (it need not retry any).
package storetest

import (
	"sync"
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

	// Batch, Scan, Ping and Users say the same of session.BatchStore, session.Scanner, session.Pinger and
	// session.UserIndex.
	Batch, Scan, Ping, Users bool

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

	// Server opens a store on a server of its own, which the checks may disturb. When it is nil, nothing checks
	// what faults of the server do to calls. It is for stores in real time. Close everything with t.Cleanup; the
	// checks close the store too.
	Server func(t *testing.T) (session.SessionStore, Server)

	// CallTimeout is the deadline that the store gives calls whose context has none. A check with Server waits for
	// it; when it is zero, nothing checks that there is one.
	CallTimeout time.Duration
}

// Run checks the stores that open returns, one for every check. open is called from subtests that run at once, a few at a
// time. It closes what it opened beside the store with t.Cleanup; the store itself is closed by the checks.
func Run(t *testing.T, open func(t *testing.T) session.SessionStore, opts Options) {
	t.Helper()
	k := &kit{opts: opts, open: func(tb testing.TB) session.SessionStore { return open(tb.(*testing.T)) }}
	if opts.Clients != nil {
		k.clients = func(tb testing.TB, n int) []session.SessionStore { return opts.Clients(tb.(*testing.T), n) }
	}
	if opts.Server != nil {
		k.server = func(tb testing.TB) (session.SessionStore, Server) { return opts.Server(tb.(*testing.T)) }
	}
	k.runAll(t)
}

// atOnce is how many checks run at the same time. Most of what the slow ones do is waiting for an expiry, so that it
// may be more than there are processors; each has its own store, and with it connections.
const atOnce = 4

// runAll runs every check as a subtest of its area.
func (k *kit) runAll(t *testing.T) {
	turns := make(chan struct{}, atOnce)
	inParallel(areas(), func(a area) {
		t.Run(a.name, func(t *testing.T) {
			inParallel(a.checks, func(c check) {
				turns <- struct{}{}
				defer func() { <-turns }()
				t.Run(c.name, func(t *testing.T) { k.runOne(t, c) })
			})
		})
	})
}

// inParallel calls f for each at once. Subtests that f runs do not count towards the limit of testing's -parallel.
func inParallel[T any](list []T, f func(T)) {
	var group sync.WaitGroup
	for _, each := range list {
		group.Go(func() { f(each) })
	}
	group.Wait()
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
		{"batchstore", batchStoreChecks()},
		{"batchstore errors", batchErrorChecks()},
		{"scan", scanChecks()},
		{"ping", pingChecks()},
		{"users", userChecks()},
		{"revoke", revokeChecks()},
		{"server", serverChecks()},
	}
}

func (k *kit) runOne(t *testing.T, c check) {
	if k.opts.VirtualTime {
		synctest.Test(t, func(t *testing.T) { c.run(t, k) })
		return
	}
	c.run(t, k)
}
