package sqltest

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

// Create checks CreateTable.
func Create(t *testing.T, e Engine) {
	for name, check := range map[string]func(*testing.T, Engine){
		"from twenty connections at once":              createAtOnce,
		"any name will do":                             createNames,
		"long names that differ late":                  createLongNames,
		"a table that exists is left alone":            createNothing,
		"a table that exists and is no use is told of": createOnUseless,
		"failures are told":                            createFailures,
		"the table of users may be there already":      createBesideUsers,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, e)
		})
	}
}

func createAtOnce(t *testing.T, e Engine) {
	open := e.Fresh(t)
	for range 5 {
		db := open()
		var stores []*session.SQLStore
		for range 20 {
			stores = append(stores, e.Store(t, open()))
		}
		if err := Together(20, func(i int) error { return stores[i].CreateTable(t.Context()) }); err != nil {
			t.Fatal(err)
		}
		useAll(t, stores[0], "s1")
		WantLoad(t, stores[19], "s1", "s1")
		Exec(t, db, "DROP TABLE vango_sessions", "DROP TABLE vango_sessions_users")
	}
}

// useAll makes a call of every kind and leaves one session.
func useAll(t *testing.T, store *session.SQLStore, id string) {
	t.Helper()
	later := time.Now().Add(time.Hour)
	Save(t, store, id, "old")
	_, listErr := store.UserSessions(t.Context(), "bob")
	_, revokeErr := store.RevokeUser(t.Context(), "bob")
	err := errors.Join(
		store.SaveAll(t.Context(), map[string]session.SessionData{id: {Data: []byte(id), ExpiresAt: later}, "expired": {}}),
		store.SaveAllAtomic(t.Context(), map[string]session.SessionData{"1": {ExpiresAt: later}, "2": {}}),
		store.Touch(t.Context(), id, later), store.TouchAll(t.Context(), map[string]time.Time{id: later, "1": later}),
		store.DeleteAll(t.Context(), []string{"1", "2"}), store.Delete(t.Context(), "1"), store.Ping(t.Context()),
		store.SetUser(t.Context(), id, "alice", later), store.SetUser(t.Context(), "1", "alice", later), store.SetUser(t.Context(), "1", "", later),
		listErr, revokeErr,
	)
	if err != nil {
		t.Fatal(err)
	}
	infos, err := store.UserSessions(t.Context(), "alice")
	if err != nil || len(infos) != 1 || infos[0].ID != id {
		t.Fatalf("UserSessions: %v, %v", infos, err)
	}
	page, _, err := store.Scan(t.Context(), "", 0)
	if err != nil || len(page) != 1 || page[0] != infos[0] && page[0].ExpiresAt.Sub(infos[0].ExpiresAt).Abs() > time.Minute {
		t.Fatalf("Scan: %v, %v, want %v", page, err, infos)
	}
}

// names are such that a statement goes wrong if one is pasted, or quoted carelessly.
func names(e Engine, schema string) []string {
	names := []string{
		"select", "a-b", `we"ird`, "back`tick", "it's", "Größe", "semi;colon", "a b", "--", "%s", "?", "$1", "@a", ":x", "[x]", `\`, "/*", "UPPER",
		"drop table vango_sessions", "coffee☕", schema + ".t", schema + ".sel`ect", schema + `.q"q`,
	}
	if e.Dialect == session.DialectSQLite {
		return append(names, "main.x", "main.order")
	}
	return names
}

func createNames(t *testing.T, e Engine) {
	db := e.Fresh(t)()
	for _, name := range names(e, e.Schema(t, db)) {
		store := e.Created(t, db, name)
		useAll(t, store, "s1")
		if err := store.CreateTable(t.Context()); err != nil {
			t.Error(err)
		}
		if err := store.Migrate(t.Context()); err != nil {
			t.Error(err)
		}
		useAll(t, store, "s1")
		past := " SET expires_at = '2001-01-01 00:00:00.000'"
		Exec(t, db, "UPDATE "+e.Quoted(name)+past, "UPDATE "+e.Quoted(name+"_users")+past)
		swept := e.Store(t, db, session.WithSQLTableName(name), session.WithSQLCleanupInterval(10*time.Millisecond))
		Eventually(t, "the tables are swept", func() bool {
			return Query[int](t, db, "SELECT count(*) FROM "+e.Quoted(name)) == 0 && Query[int](t, db, "SELECT count(*) FROM "+e.Quoted(name+"_users")) == 0
		})
		if err := swept.Close(); err != nil {
			t.Error(err)
		}
	}
}

// createLongNames has names as long as each engine allows, in which what is made from them could be cut off to one text.
func createLongNames(t *testing.T, e Engine) {
	db := e.Fresh(t)()
	most := 63
	if e.Dialect != session.DialectPostgreSQL {
		most = 64
	}
	if e.Dialect == session.DialectSQLite {
		most = 400
	}
	for _, length := range []int{56, 57, 58, 59, 62, 63, most} {
		for _, end := range []string{"1", "2"} {
			name := strings.Repeat("x", length-1) + end
			store := e.Created(t, db, name)
			useAll(t, store, "s"+end)
			if err := store.Migrate(t.Context()); err != nil {
				t.Error(err)
			}
			useAll(t, store, "s"+end)
		}
	}
}

func createNothing(t *testing.T, e Engine) {
	db := e.Fresh(t)()
	Exec(t, db, "CREATE TABLE vango_sessions (id VARCHAR(64) PRIMARY KEY, data VARCHAR(9), expires_at VARCHAR(9), created_at VARCHAR(9), updated_at VARCHAR(9))")
	store := e.Created(t, db, "vango_sessions")
	if _, err := store.UserSessions(t.Context(), "alice"); err == nil || !strings.Contains(err.Error(), "run Migrate") {
		t.Errorf("CreateTable made a table of users beside a table that exists: %v", err)
	}
}

func createOnUseless(t *testing.T, e Engine) {
	db := e.Fresh(t)()
	Exec(t, db, "CREATE TABLE vango_sessions (id VARCHAR(64) PRIMARY KEY)")
	store := e.Store(t, db)
	if err := store.CreateTable(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "session: create table: ") {
		t.Errorf("a table without columns: %v", err)
	}
	Exec(t, db, "DROP TABLE vango_sessions", "CREATE TABLE vango_sessions_users (id VARCHAR(64) PRIMARY KEY)")
	for range 2 {
		for call, err := range map[string]error{"CreateTable": store.CreateTable(t.Context()), "Migrate": store.Migrate(t.Context())} {
			wantInTheWay(t, call, err)
		}
	}
	Exec(t, db, "DROP TABLE vango_sessions_users")
	if err := store.CreateTable(t.Context()); err != nil {
		t.Fatal(err)
	}
	Exec(t, db, "DROP TABLE vango_sessions_users", "CREATE TABLE vango_sessions_users (id VARCHAR(64) PRIMARY KEY)")
	wantInTheWay(t, "Migrate beside a table of sessions", store.Migrate(t.Context()))
}

// wantInTheWay wants an error that names the table whose name is taken.
func wantInTheWay(t *testing.T, call string, err error) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), `"vango_sessions_users" has the name of the user index's`) {
		t.Errorf("%s with something else in place of the table of users: %v", call, err)
	}
}

func createFailures(t *testing.T, e Engine) {
	open := e.Fresh(t)
	db := open()
	if err := e.Store(t, db, session.WithSQLTableName("missing.x")).CreateTable(t.Context()); err == nil {
		t.Error("the schema is missing and CreateTable says nothing")
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := e.Store(t, db).CreateTable(t.Context()); err == nil {
		t.Error("the database is closed and CreateTable says nothing")
	}
}

func createBesideUsers(t *testing.T, e Engine) {
	db := e.Fresh(t)()
	useAll(t, e.Created(t, db, "vango_sessions"), "s1")
	Exec(t, db, "DROP TABLE vango_sessions")
	store := e.Created(t, db, "vango_sessions")
	if infos, err := store.UserSessions(t.Context(), "alice"); err != nil || len(infos) > 0 {
		t.Errorf("UserSessions: %v, %v", infos, err)
	}
	useAll(t, store, "s1")
}
