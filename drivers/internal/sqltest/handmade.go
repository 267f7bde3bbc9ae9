package sqltest

import (
	"testing"

	"github.com/limpet-go/limpet/session"
	"github.com/limpet-go/limpet/session/storetest"
)

// HandMade checks that a table which Migrate has not seen keeps the contract but for the user index, and that one which
// it has seen keeps all of it. open makes the table, and opens it as the driver does.
func HandMade(t *testing.T, open func(t *testing.T) *session.SQLStore) {
	t.Run("before Migrate", func(t *testing.T) {
		t.Parallel()
		storetest.Run(t, func(t *testing.T) session.SessionStore {
			store := open(t)
			return withoutUsers{store, store, store, store, store}
		}, storetest.Options{Atomic: true, Batch: true, Scan: true, Ping: true})
	})
	t.Run("after Migrate", func(t *testing.T) {
		t.Parallel()
		storetest.Run(t, func(t *testing.T) session.SessionStore {
			store := open(t)
			if err := store.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			return store
		}, storetest.Options{Atomic: true, Batch: true, Scan: true, Ping: true, Users: true})
	})
}

// withoutUsers has every capability of a SQLStore but one.
type withoutUsers struct {
	session.SessionStore
	session.AtomicKVStore
	session.BatchStore
	session.Scanner
	session.Pinger
}
