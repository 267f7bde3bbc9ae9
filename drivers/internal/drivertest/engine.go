// Package drivertest is what the tests of the drivers of database servers have in common: the promises that hold on each of
// them, and what it takes to check those.
package drivertest

import (
	"database/sql"
	"testing"

	"github.com/limpet-go/limpet/internal/testserver"
	"github.com/limpet-go/limpet/session"
	"github.com/limpet-go/limpet/session/storetest"
)

// Engine is a driver under test.
type Engine struct {
	// Open is the driver's own.
	Open func(place string, opts ...session.SQLStoreOption) (*session.SQLStore, error)

	// DB opens a plain pool for the server at a URL, without the driver. It is closed when the test ends.
	DB func(tb testing.TB, place string) *sql.DB

	// Shared returns the URL of the server that tests share; Env is the variable that names another.
	Shared func(tb testing.TB) string
	Env    string

	// Within returns the URL of a new schema or database on the server at a URL.
	Within func(tb testing.TB, place string) string

	// Start starts a server of the test's own.
	Start func(tb testing.TB, args ...string) *testserver.Server

	// Others lists the connections of a server but the one that asks, as rows of id, whether it waits for a lock.
	Others string

	// Kill ends the connection with this id. One that has ended already is no error.
	Kill func(tb testing.TB, db *sql.DB, id int64)

	// Expiry selects the milliseconds since 1970 at which the session with this ID expires.
	Expiry string

	// Picky are ways to make the server refuse sessions whose data is "bad", by name: statements for a fresh
	// table.
	Picky map[string][]string
}

// Fresh returns the URL of a new schema or database on the shared server.
func (e Engine) Fresh(tb testing.TB) string {
	tb.Helper()
	return e.Within(tb, e.Shared(tb))
}

// Store opens a store that is closed when the test ends.
func (e Engine) Store(tb testing.TB, place string, opts ...session.SQLStoreOption) *session.SQLStore {
	tb.Helper()
	store, err := e.Open(place, opts...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := store.Close(); err != nil {
			tb.Error(err)
		}
	})
	return store
}

// Another opens a store that shares its data with no other.
func (e Engine) Another(t *testing.T) session.SessionStore { return e.Store(t, e.Fresh(t)) }

// Options are what the contract's checks need to know.
func (e Engine) Options() storetest.Options {
	return storetest.Options{
		Atomic: true, Batch: true, Scan: true, Ping: true, Users: true,
		Clients: e.clients,
		Server: func(t *testing.T) (session.SessionStore, storetest.Server) {
			server := e.Start(t)
			return e.Store(t, server.URL()), Faults{e, server}
		},
	}
}

func (e Engine) clients(t *testing.T, n int) []session.SessionStore {
	place := e.Fresh(t)
	var clients []session.SessionStore
	for range n {
		clients = append(clients, e.Store(t, place))
	}
	return clients
}
