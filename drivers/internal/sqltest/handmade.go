package sqltest

import (
	"testing"

	"github.com/limpet-go/limpet/session"
	"github.com/limpet-go/limpet/session/storetest"
)

// HandMade checks that a table which Migrate has not seen keeps the contract, but for the user index. One that it has
// seen is no other than CreateTable's, as Migrate's own test shows. open makes the table, and opens it as the driver
// does; opts are options beside the capabilities.
func HandMade(t *testing.T, opts storetest.Options, open func(t *testing.T) *session.SQLStore) {
	opts.Atomic, opts.Batch, opts.Scan, opts.Ping = true, true, true, true
	storetest.Run(t, func(t *testing.T) session.SessionStore {
		store := open(t)
		return withoutUsers{store, store, store, store, store}
	}, opts)
}

// withoutUsers has every capability of a SQLStore but one.
type withoutUsers struct {
	session.SessionStore
	session.AtomicKVStore
	session.BatchStore
	session.Scanner
	session.Pinger
}
