package sqlite

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

func TestTableNamesAreQuoted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	names := []string{
		"select", "a-b", `we"ird`, "it's", "main.x", "main.order", `main.q"q`, "Größe", "semi;colon", "a b", "--", "%s", "?", "[x]", "`",
		"drop table vango_sessions", strings.Repeat("long", 100), strings.Repeat("long", 100) + "er",
	}
	for _, name := range names {
		store := newStore(t, plainDB(t, path), session.WithSQLTableName(name))
		wantMissing(t, store, "s1")
		save(t, store, "s1", name)
		if err := store.SaveAll(t.Context(), map[string]session.SessionData{"s2": {}, "s3": {ExpiresAt: time.Now().Add(time.Hour)}}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := store.Touch(t.Context(), "s1", time.Now().Add(2*time.Hour)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := store.Delete(t.Context(), "s3"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		wantLoad(t, store, "s1", name)
	}
	if n := queryInt(t, plainDB(t, path), "SELECT count(*) FROM sqlite_master WHERE type = 'index' AND name LIKE 'idx%'"); n != 3*len(names) {
		t.Errorf("%d indexes, want three for each of %d names", n, len(names))
	}
}

func TestTableHasTheDocumentedColumns(t *testing.T) {
	db := plainDB(t, filepath.Join(t.TempDir(), "a.db"))
	newStore(t, db)
	rows, err := db.Query("SELECT name || ' ' || type FROM pragma_table_info('vango_sessions')")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var got []string
	for rows.Next() {
		var column string
		if err := rows.Scan(&column); err != nil {
			t.Fatal(err)
		}
		got = append(got, column)
	}
	want := []string{
		"id VARCHAR(64)", "data BYTEA", "expires_at TIMESTAMP WITH TIME ZONE",
		"created_at TIMESTAMP WITH TIME ZONE", "updated_at TIMESTAMP WITH TIME ZONE",
	}
	if !slices.Equal(got, want) {
		t.Errorf("columns %q, want %q", got, want)
	}
}

func TestCreateTableReportsItsFailures(t *testing.T) {
	db := plainDB(t, filepath.Join(t.TempDir(), "a.db"))
	if _, err := db.Exec("CREATE TABLE vango_sessions (id TEXT)"); err != nil {
		t.Fatal(err)
	}
	if err := sqliteStore(t, db).CreateTable(t.Context()); err == nil {
		t.Error("the index cannot be made and CreateTable says nothing")
	}
	if err := sqliteStore(t, db, session.WithSQLTableName("missing.x")).CreateTable(t.Context()); err == nil {
		t.Error("the schema is missing and CreateTable says nothing")
	}
}

func TestCreatedAtSurvivesUpdates(t *testing.T) {
	db := plainDB(t, filepath.Join(t.TempDir(), "a.db"))
	store := newStore(t, db)
	save(t, store, "s1", "one")
	if _, err := db.Exec("UPDATE vango_sessions SET created_at = 'long ago', updated_at = 'long ago'"); err != nil {
		t.Fatal(err)
	}
	save(t, store, "s1", "two")
	batch := map[string]session.SessionData{"s1": {ExpiresAt: time.Now().Add(time.Hour)}, "s2": {ExpiresAt: time.Now().Add(time.Hour)}}
	if err := errors.Join(store.SaveAll(t.Context(), batch), store.Touch(t.Context(), "s1", time.Now().Add(2*time.Hour))); err != nil {
		t.Fatal(err)
	}
	if n := queryInt(t, db, "SELECT count(*) FROM vango_sessions WHERE id = 's1' AND created_at = 'long ago' AND updated_at > '2000'"); n != 1 {
		t.Error("created_at changed, or updated_at did not")
	}
}

// The text of expires_at is what SQLite's own functions write, so that hand-written queries compare right.
func TestExpiryReadsAsSQLiteTime(t *testing.T) {
	db := plainDB(t, filepath.Join(t.TempDir(), "a.db"))
	store := newStore(t, db)
	at := time.Now().Add(time.Hour).Truncate(time.Millisecond)
	if err := store.Save(t.Context(), "s1", nil, at.In(time.FixedZone("", -7*3600))); err != nil {
		t.Fatal(err)
	}
	var text string
	if err := db.QueryRow("SELECT strftime('%Y-%m-%d %H:%M:%f', expires_at) FROM vango_sessions WHERE expires_at > CURRENT_TIMESTAMP").Scan(&text); err != nil {
		t.Fatal(err)
	}
	if want := at.UTC().Format("2006-01-02 15:04:05.000"); text != want {
		t.Errorf("expires_at %s, want %s", text, want)
	}
}

func TestCleanupDeletesExpiredRows(t *testing.T) {
	db := plainDB(t, filepath.Join(t.TempDir(), "a.db"))
	writer := newStore(t, db, session.WithSQLCleanupInterval(-1))
	batch := map[string]session.SessionData{"live": {ExpiresAt: time.Now().Add(time.Hour)}}
	for i := range 1200 {
		batch[fmt.Sprint(i)] = session.SessionData{ExpiresAt: time.Now().Add(time.Minute)}
	}
	if err := writer.SaveAll(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("UPDATE vango_sessions SET expires_at = '2001-01-01 00:00:00.000' WHERE id <> 'live'"); err != nil {
		t.Fatal(err)
	}
	sqliteStore(t, db, session.WithSQLCleanupInterval(time.Millisecond))
	for queryInt(t, db, "SELECT count(*) FROM vango_sessions") > 1 {
		if t.Context().Err() != nil {
			t.Fatal("the expired rows stay")
		}
	}
	wantLoad(t, writer, "live", "")
}

func TestCloseClosesOnlyItsOwnDatabase(t *testing.T) {
	db := plainDB(t, filepath.Join(t.TempDir(), "a.db"))
	if err := newStore(t, db).Close(); err != nil {
		t.Fatal(err)
	}
	if err := db.Ping(); err != nil {
		t.Errorf("the caller's database after Close: %v", err)
	}
	if err := newStore(t, db, session.WithSQLOwnedDB()).Close(); err != nil {
		t.Fatal(err)
	}
	if err := db.Ping(); err == nil {
		t.Error("the store's own database is open after Close")
	}
}

func queryInt(t *testing.T, db *sql.DB, query string) int {
	t.Helper()
	var n int
	for {
		err := db.QueryRow(query).Scan(&n)
		var busy interface{ Code() int }
		if errors.As(err, &busy) && busy.Code() == 5 {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
}
