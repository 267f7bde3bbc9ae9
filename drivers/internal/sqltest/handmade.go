package sqltest

import (
	"testing"

	"github.com/limpet-go/limpet/session"
	"github.com/limpet-go/limpet/session/storetest"
)

// HandMade checks that a table which Migrate has not seen keeps the contract, but for the user index. One that it has
// seen is no other than CreateTable's, as Migrate's own test shows. open makes the table, and opens it as the driver does.
func HandMade(t *testing.T, open func(t *testing.T) *session.SQLStore) {
	storetest.Run(t, func(t *testing.T) session.SessionStore {
		store := open(t)
		return withoutUsers{store, store, store, store, store}
	}, storetest.Options{Atomic: true, Batch: true, Scan: true, Ping: true})
}

// withoutUsers has every capability of a SQLStore but one.
type withoutUsers struct {
	session.SessionStore
	session.AtomicKVStore
	session.BatchStore
	session.Scanner
	session.Pinger
}
