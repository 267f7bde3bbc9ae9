package sqltest

import (
	"database/sql"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

// RevokeWaits checks that RevokeUser waits for a save under way and deletes what it leaves. self is the query for a
// connection's ID, and waiting the query for how many connections wait for the one with that ID.
func RevokeWaits(t *testing.T, e Engine, self, waiting string) {
	open := e.Fresh(t)
	db := open()
	store := e.Created(t, db, "vango_sessions")
	ids := Saved(t, db, store, "alice", 20)
	tx, err := open().BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }() // nothing, once it is committed
	var conn int64
	if err := tx.QueryRowContext(t.Context(), self).Scan(&conn); err != nil {
		t.Fatal(err)
	}
	text := "UPDATE vango_sessions SET data = 'newer', expires_at = '2101-01-01 00:00:00.000' WHERE id = '" + ids[7] + "'"
	if _, err := tx.ExecContext(t.Context(), text); err != nil {
		t.Fatal(err)
	}
	type result struct {
		ids []string
		err error
	}
	revoked := make(chan result, 1)
	go func() {
		ids, err := store.RevokeUser(t.Context(), "alice")
		revoked <- result{ids, err}
	}()
	watch := open()
	Eventually(t, "RevokeUser waits", func() bool { return Query[int](t, watch, waiting, conn) > 0 })
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if got := <-revoked; got.err != nil || !slices.Equal(got.ids, ids) {
		t.Errorf("RevokeUser: %d sessions, %v", len(got.ids), got.err)
	}
	if n := Query[int](t, db, "SELECT count(*) FROM vango_sessions"); n != 0 {
		t.Errorf("%d sessions outlived RevokeUser", n)
	}
}

// MigrateTimesOut checks that Migrate gives up when others keep using an old table, and that they can go on doing so.
func MigrateTimesOut(t *testing.T, e Engine, old Old) {
	open := e.Fresh(t)
	db := open()
	Exec(t, db, old.Create...)
	store := e.Store(t, db, session.WithSQLCleanupInterval(-1))
	Save(t, store, "s1", "one")
	shape := e.Shape(t, db)
	done := reading(t, open())
	began := time.Now()
	if err := store.Migrate(t.Context()); err == nil || !strings.Contains(err.Error(), "others used the table") {
		t.Errorf("Migrate: %v", err)
	}
	if took := time.Since(began); took < 8*time.Second || took > 30*time.Second {
		t.Errorf("it gave up after %v", took)
	}
	if got := e.Shape(t, db); strings.Split(got, "\n")[0] != strings.Split(shape, "\n")[0] {
		t.Errorf("the tables are\n%s\nwant\n%s", got, shape)
	}
	WantLoad(t, store, "s1", "one")
	done()
	if err := store.Migrate(t.Context()); err != nil {
		t.Error(err)
	}
}

// NoRights checks that a client which may read and write rows, and no more, can use a table that exists, and that
// CreateTable and Migrate say so where it would take more.
func NoRights(t *testing.T, e Engine, owner, client *sql.DB) {
	store := e.Created(t, owner, "vango_sessions")
	guest := e.Store(t, client, session.WithSQLCleanupInterval(-1))
	if err := guest.CreateTable(t.Context()); err != nil {
		t.Errorf("CreateTable of a table that exists: %v", err)
	}
	if err := guest.Migrate(t.Context()); err != nil {
		t.Errorf("Migrate of a table that is up to date: %v", err)
	}
	useAll(t, guest, "s1")
	WantLoad(t, store, "s1", "s1")
	for _, call := range []func() error{
		func() error {
			return e.Store(t, client, session.WithSQLTableName("another")).CreateTable(t.Context())
		},
		func() error { return e.Store(t, client, session.WithSQLTableName("another")).Migrate(t.Context()) },
	} {
		if err := call(); err == nil || !strings.HasPrefix(err.Error(), "session: ") {
			t.Errorf("a table that does not exist: %v", err)
		}
	}
	Exec(t, owner, "DROP TABLE vango_sessions_users")
	if err := guest.Migrate(t.Context()); err == nil {
		t.Error("Migrate without a right to create tables made one")
	}
}
