// Package sqltest checks on a real engine what session.SQLStore promises beyond the contract of all stores: its tables,
// what becomes of them, and what is cleared away.
package sqltest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

// Engine is a database engine under test.
type Engine struct {
	// Dialect is the SQL that it speaks.
	Dialect session.SQLDialect

	// Quote is what its names stand between.
	Quote string

	// Fresh returns how to open pools on a new, empty database. They are closed when the test ends.
	Fresh func(t *testing.T) (open func() *sql.DB)

	// Schema makes another place for tables, beside those of Fresh, and returns its name, which needs quotes.
	Schema func(t *testing.T, db *sql.DB) (name string)

	// Shape describes the tables of sessions and users, with everything that Migrate may have to change. What it says of
	// the sessions is one line, the first.
	Shape func(t testing.TB, db *sql.DB) string

	// Block begins what keeps Migrate from an old table, and returns what ends it. Nil is a transaction that has read
	// the table.
	Block func(t *testing.T, db *sql.DB) (done func())

	// LocksAll says that what Block does keeps everybody from writing.
	LocksAll bool

	// Analyse are the statements after which the engine knows what is in the tables.
	Analyse []string

	// SlowDelete makes a trigger that takes 30 milliseconds for every session deleted. Empty is for an engine that has
	// one writer at a time in any case.
	SlowDelete string
}

// Quoted returns a table's name as statements have it.
func (e Engine) Quoted(name string) string {
	parts := strings.Split(name, ".")
	for i, part := range parts {
		parts[i] = e.Quote + strings.ReplaceAll(part, e.Quote, e.Quote+e.Quote) + e.Quote
	}
	return strings.Join(parts, ".")
}

// Store returns a store on a database that stays the caller's, with no table made.
func (e Engine) Store(t testing.TB, db *sql.DB, opts ...session.SQLStoreOption) *session.SQLStore {
	t.Helper()
	store := session.NewSQLStore(db, append([]session.SQLStoreOption{session.WithSQLDialect(e.Dialect)}, opts...)...)
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

// Created is a Store with its tables, which it does not sweep.
func (e Engine) Created(t testing.TB, db *sql.DB, table string) *session.SQLStore {
	t.Helper()
	store := e.Store(t, db, session.WithSQLTableName(table), session.WithSQLCleanupInterval(-1))
	if err := store.CreateTable(t.Context()); err != nil {
		t.Fatal(err)
	}
	return store
}

// Exec runs statements one after the other.
func Exec(t testing.TB, db *sql.DB, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if _, err := db.ExecContext(t.Context(), text); err != nil {
			t.Fatalf("%.100s: %v", text, err)
		}
	}
}

// Query returns the one value that a query has. It waits while SQLite is locked.
func Query[T any](t testing.TB, db *sql.DB, text string, args ...any) T {
	t.Helper()
	for {
		var value T
		var locked interface{ Code() int }
		switch err := db.QueryRowContext(t.Context(), text, args...).Scan(&value); {
		case err == nil:
			return value
		case !errors.As(err, &locked) || locked.Code() != 5:
			t.Fatalf("%.100s: %v", text, err)
		}
	}
}

// Together runs f n times at once and returns the errors.
func Together(n int, f func(i int) error) error {
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { errs[i] = f(i) })
	}
	all.Wait()
	return errors.Join(errs...)
}

// Eventually waits until a condition holds.
func Eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(150 * time.Millisecond) // InnoDB renews what it says of transactions after a tenth of a second of peace
	defer tick.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			t.Fatalf("it never came about that %s", what)
		case <-tick.C:
		}
	}
}

// Saved saves n sessions of a user, each with its ID for data, and returns the IDs. One alone is set by SetUser; the
// others have entries like its own.
func Saved(t testing.TB, db *sql.DB, store *session.SQLStore, user string, n int) []string {
	t.Helper()
	later := time.Now().Add(time.Hour)
	batch, ids := map[string]session.SessionData{}, []string{}
	for i := range n {
		id := fmt.Sprintf("%s-%05d", user, i)
		ids = append(ids, id)
		batch[id] = session.SessionData{Data: []byte(id), ExpiresAt: later}
	}
	if err := errors.Join(store.SaveAll(t.Context(), batch), store.SetUser(t.Context(), ids[0], user, later)); err != nil {
		t.Fatal(err)
	}
	Exec(t, db, "INSERT INTO vango_sessions_users (session_id, user_sum, expires_at) SELECT s.id, u.user_sum, u.expires_at"+
		" FROM vango_sessions s JOIN vango_sessions_users u ON u.session_id = '"+ids[0]+"' WHERE s.id LIKE '"+user+"-%' AND s.id <> '"+ids[0]+"'")
	return ids
}

// WantLoad checks what a session's data is.
func WantLoad(t testing.TB, store *session.SQLStore, id, want string) {
	t.Helper()
	if got, err := store.Load(t.Context(), id); err != nil || string(got) != want || got == nil {
		t.Fatalf("Load: got %.40q (nil: %v), %v, want %.40q", got, got == nil, err, want)
	}
}

// Save saves a session for an hour.
func Save(t testing.TB, store *session.SQLStore, id, data string) {
	t.Helper()
	if err := store.Save(t.Context(), id, []byte(data), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
}
