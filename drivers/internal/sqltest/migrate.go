package sqltest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

// An Old table is one that Migrate has to bring up to date.
type Old struct {
	Name   string
	Create []string

	// Written are statements that write more rows, beside those that a store does.
	Written []string
}

// Version1 is the table that the first version created.
func Version1(t testing.TB, dialect string) Old {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "session", "testdata", "sql", "v1", dialect+".sql"))
	if err != nil {
		t.Fatal(err)
	}
	old := Old{Name: "version 1"}
	for section := range strings.SplitSeq("\n"+string(text), "\n-- ") {
		if create, ok := strings.CutPrefix(section, "create\n"); ok && !strings.Contains(create, "$1") {
			old.Create = append(old.Create, Plain(create))
		}
	}
	return old
}

// Plain replaces the name that the texts of package session's tests have by that of the default table.
func Plain(text string) string {
	for _, name := range []string{"\"app\".\"idx_we\"\"ird`s_expires\"", "\"idx_we\"\"ird`s_expires\"", "`idx_we\"ird``s_expires`"} {
		text = strings.ReplaceAll(text, name, "idx_vango_sessions_expires")
	}
	for _, name := range []string{"\"we\"\"ird`s_users\"", "`we\"ird``s_users`"} {
		text = strings.ReplaceAll(strings.ReplaceAll(text, "\"app\"."+name, "vango_sessions_users"), "`app`."+name, "vango_sessions_users")
	}
	for _, name := range []string{"\"app\".\"we\"\"ird`s\"", "`app`.`we\"ird``s`", "\"we\"\"ird`s\""} {
		text = strings.ReplaceAll(text, name, "vango_sessions")
	}
	return text
}

// Migrate checks what becomes of old tables.
func Migrate(t *testing.T, e Engine, olds ...Old) {
	for _, old := range append(olds, Old{Name: "nothing"}) {
		t.Run("from "+old.Name, func(t *testing.T) {
			t.Parallel()
			migrateFrom(t, e, old)
		})
	}
	t.Run("from a table without the table of users, from many at once", func(t *testing.T) {
		t.Parallel()
		migrateUsers(t, e)
	})
	t.Run("changes nothing that is up to date", func(t *testing.T) {
		t.Parallel()
		migrateAgain(t, e)
	})
	t.Run("ends with its context", func(t *testing.T) {
		t.Parallel()
		migrateCancelled(t, e, olds[0])
	})
}

func migrateFrom(t *testing.T, e Engine, old Old) {
	open := e.Fresh(t)
	db := open()
	Exec(t, db, old.Create...)
	store := e.Store(t, db, session.WithSQLCleanupInterval(-1))
	before := written(t, db, store, old)
	ctx, stop := context.WithCancel(t.Context())
	users := make(chan error, 1)
	go func() { users <- useMeanwhile(ctx, t, store, len(old.Create) == 0) }()
	err := Together(6, func(int) error { return e.Store(t, open(), session.WithSQLCleanupInterval(-1)).Migrate(t.Context()) })
	stop()
	if err := errors.Join(err, <-users); err != nil {
		t.Fatal(err)
	}
	wantSame(t, before, listed(t, store))
	if n := Query[int](t, db, "SELECT count(*) FROM vango_sessions WHERE created_at = '2020-02-03 04:05:06' OR created_at = '2020-02-03 04:05:06.000'"); n != len(before) {
		t.Errorf("created_at survived in %d rows of %d", n, len(before))
	}
	fresh := e.Fresh(t)()
	e.Created(t, fresh, "vango_sessions")
	if got, want := e.Shape(t, db), e.Shape(t, fresh); got != want {
		t.Errorf("the tables are\n%s\nwant\n%s", got, want)
	}
	if err := store.Migrate(t.Context()); err != nil {
		t.Errorf("a second time: %v", err)
	}
	for _, id := range []string{"case", "CASE"} {
		Save(t, store, id, id)
	}
	WantLoad(t, store, "case", "case")
	WantLoad(t, store, "CASE", "CASE")
	if err := errors.Join(store.DeleteAll(t.Context(), []string{"case", "CASE", "meanwhile"}), deleteAll(t, store, before)); err != nil {
		t.Fatal(err)
	}
	useAll(t, store, "s1")
}

// written saves sessions in an old table, and returns them.
func written(t *testing.T, db *sql.DB, store *session.SQLStore, old Old) map[string]session.SessionInfo {
	t.Helper()
	if len(old.Create) == 0 {
		return nil
	}
	if err := store.CreateTable(t.Context()); err != nil {
		t.Fatal(err)
	}
	batch := map[string]session.SessionData{}
	for i := range 200 {
		id := fmt.Sprint("s", i)
		batch[id] = session.SessionData{Data: []byte(strings.Repeat("x", i*i)), ExpiresAt: time.Now().Add(time.Hour + time.Duration(i)*3456789*time.Microsecond)}
	}
	if err := store.SaveAll(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	Exec(t, db, "UPDATE vango_sessions SET created_at = '2020-02-03 04:05:06'")
	before := listed(t, store)
	if len(before) != len(batch) {
		t.Fatalf("%d sessions, want %d", len(before), len(batch))
	}
	Exec(t, db, old.Written...)
	return before
}

// useMeanwhile uses one session until ctx ends. While there is no table, that fails.
func useMeanwhile(ctx context.Context, t *testing.T, store *session.SQLStore, mayFail bool) error {
	for ctx.Err() == nil {
		later := time.Now().Add(time.Hour)
		err := errors.Join(store.Save(t.Context(), "meanwhile", nil, later), store.Touch(t.Context(), "meanwhile", later))
		_, loadErr := store.Load(t.Context(), "meanwhile")
		if err := errors.Join(err, loadErr); err != nil && !mayFail {
			return err
		}
	}
	return nil
}

func listed(t *testing.T, store *session.SQLStore) map[string]session.SessionInfo {
	t.Helper()
	all := map[string]session.SessionInfo{}
	for info, err := range session.Sessions(t.Context(), store) {
		if err != nil {
			t.Fatal(err)
		}
		if info.ID != "meanwhile" {
			all[info.ID] = info
		}
	}
	return all
}

func wantSame(t *testing.T, before, after map[string]session.SessionInfo) {
	t.Helper()
	for id, want := range before {
		got := after[id]
		if got.Size != want.Size || got.ExpiresAt.Sub(want.ExpiresAt).Abs() > time.Second {
			t.Fatalf("%s: %v, want %v", id, got, want)
		}
	}
}

func deleteAll(t *testing.T, store *session.SQLStore, infos map[string]session.SessionInfo) error {
	var ids []string
	for id := range infos {
		ids = append(ids, id)
	}
	return store.DeleteAll(t.Context(), ids)
}

func migrateUsers(t *testing.T, e Engine) {
	open := e.Fresh(t)
	db := open()
	var stores []*session.SQLStore
	for range 10 {
		stores = append(stores, e.Created(t, open(), "vango_sessions"))
	}
	for range 5 {
		Exec(t, db, "DROP TABLE vango_sessions_users")
		if err := Together(len(stores), func(i int) error { return stores[i].Migrate(t.Context()) }); err != nil {
			t.Fatal(err)
		}
		useAll(t, stores[0], "s1")
	}
}

// migrateAgain has a reader in a transaction, which changing the tables would have to wait for.
func migrateAgain(t *testing.T, e Engine) {
	open := e.Fresh(t)
	db := open()
	store := e.Created(t, db, "vango_sessions")
	Save(t, store, "s1", "one")
	defer reading(t, open())()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := store.Migrate(ctx); err != nil {
		t.Error(err)
	}
}

// reading begins a transaction that has read from the table, and returns what ends it.
func reading(t *testing.T, db *sql.DB) (done func()) {
	t.Helper()
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := tx.QueryRowContext(t.Context(), "SELECT count(*) FROM vango_sessions").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := tx.Rollback(); err != nil {
			t.Error(err)
		}
	}
}

// migrateCancelled leaves everything usable at once, and as it was.
func migrateCancelled(t *testing.T, e Engine, old Old) {
	open := e.Fresh(t)
	db := open()
	Exec(t, db, old.Create...)
	store := e.Store(t, db, session.WithSQLCleanupInterval(-1))
	Save(t, store, "s1", "one")
	shape := e.Shape(t, db)
	block := reading
	if e.Block != nil {
		block = e.Block
	}
	done := block(t, open())
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	began := time.Now()
	if err := store.Migrate(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 5*time.Second {
		t.Errorf("%v after %v, want the context's end", err, time.Since(began))
	}
	if !e.LocksAll {
		began = time.Now()
		WantLoad(t, store, "s1", "one")
		Save(t, store, "s2", "two")
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("others waited for %v after that", took)
		}
		if got := e.Shape(t, db); strings.Split(got, "\n")[0] != strings.Split(shape, "\n")[0] {
			t.Errorf("the tables are\n%s\nwant\n%s", got, shape)
		}
	}
	done()
	if err := store.Migrate(t.Context()); err != nil {
		t.Error(err)
	}
	WantLoad(t, store, "s1", "one")
}
