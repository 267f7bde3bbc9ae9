package sqlite

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/limpet-go/limpet/session"
	"github.com/limpet-go/limpet/session/storetest"
)

func TestStoreKeepsTheContract(t *testing.T) {
	t.Parallel()
	storetest.Run(t, openAnother, storetest.Options{Atomic: true, Batch: true, Scan: true, Ping: true, Users: true, Clients: openClients})
}

func TestStoreKeepsTheContractInVirtualTime(t *testing.T) {
	t.Parallel()
	storetest.Run(t, openAnother, storetest.Options{Atomic: true, Batch: true, Scan: true, Ping: true, Users: true, VirtualTime: true})
}

// The contract holds on a database that its owner opened without a single setting.
func TestStoreOnPlainDatabaseKeepsTheContract(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) session.SessionStore {
		return newStore(t, plainDB(t, filepath.Join(t.TempDir(), "a.db")))
	}, storetest.Options{Atomic: true, Batch: true, Scan: true, Ping: true, Users: true, Clients: func(t *testing.T, n int) []session.SessionStore {
		path := filepath.Join(t.TempDir(), "a.db")
		var clients []session.SessionStore
		for range n {
			clients = append(clients, newStore(t, plainDB(t, path)))
		}
		return clients
	}})
}

func openAnother(t *testing.T) session.SessionStore {
	return openStore(t, filepath.Join(t.TempDir(), "a.db"))
}

func openClients(t *testing.T, n int) []session.SessionStore {
	path := filepath.Join(t.TempDir(), "a.db")
	var clients []session.SessionStore
	for range n {
		clients = append(clients, openStore(t, path))
	}
	return clients
}

// plainDB opens a database as a newcomer would: no WAL, no busy timeout, no bound on connections.
func plainDB(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// sqliteStore is a store on a database that stays its caller's.
func sqliteStore(t *testing.T, db *sql.DB, opts ...session.SQLStoreOption) *session.SQLStore {
	t.Helper()
	store := session.NewSQLStore(db, append(opts, session.WithSQLDialect(session.DialectSQLite))...)
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

// newStore is a sqliteStore with its table.
func newStore(t *testing.T, db *sql.DB, opts ...session.SQLStoreOption) *session.SQLStore {
	t.Helper()
	store := sqliteStore(t, db, opts...)
	if err := store.CreateTable(t.Context()); err != nil {
		t.Fatal(err)
	}
	return store
}
