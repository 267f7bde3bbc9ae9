package mysql

import (
	"errors"
	"net"
	"net/url"
	"testing"
	"time"

	client "github.com/go-sql-driver/mysql"

	"github.com/limpet-go/limpet/drivers/internal/drivertest"
	"github.com/limpet-go/limpet/drivers/internal/sqltest"
	"github.com/limpet-go/limpet/internal/testserver"
	"github.com/limpet-go/limpet/session"
)

// bob makes a user of a server with a password, who may do what the grants say and no more, and returns the URL in his
// name.
func bob(t *testing.T, server *testserver.Server, grants ...string) string {
	t.Helper()
	db := plainDB(t, server.URL())
	exec(t, db, `CREATE USER bob@'%' IDENTIFIED BY '`+secret+`'`)
	exec(t, db, grants...)
	return drivertest.Edit(t, server.URL(), func(u *url.URL) { u.User = url.UserPassword("bob", secret) })
}

func TestReopenedStoreKeepsItsSessions(t *testing.T) {
	t.Parallel()
	place := engine.Fresh(t)
	first := engine.Store(t, place)
	sqltest.Save(t, first, "s1", "one")
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	sqltest.WantLoad(t, engine.Store(t, place), "s1", "one")
}

func TestStoreOptionsCountMoreThanTheURL(t *testing.T) {
	t.Parallel()
	place := engine.Fresh(t)
	sqltest.Save(t, engine.Store(t, drivertest.With(t, place, "table", "a"), session.WithSQLTableName("b")), "s1", "one")
	sqltest.WantLoad(t, engine.Store(t, drivertest.With(t, place, "table", "b")), "s1", "one")
}

func TestPoolIsBoundedAndClosed(t *testing.T) {
	t.Parallel()
	server := testserver.StartMySQL(t, "--performance-schema=ON")
	db := plainDB(t, server.URL())
	named := func() int {
		return sqltest.Query[int](t, db, `SELECT count(*) FROM performance_schema.session_connect_attrs WHERE attr_name = 'program_name' AND attr_value = 'limpet'`)
	}
	store := engine.Store(t, drivertest.With(t, server.URL(), "max_conns", "3"))
	if err := drivertest.SaveAtOnce(t, store, 640); err != nil {
		t.Error(err)
	}
	if n := named(); n < 1 || n > 3 {
		t.Errorf("%d connections named limpet, want 1 to 3", n)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	sqltest.Eventually(t, "the connections of a closed store end", func() bool { return named() == 0 })
}

func TestUnixSocket(t *testing.T) {
	t.Parallel()
	server := testserver.StartMySQL(t)
	socket := sqltest.Query[string](t, plainDB(t, server.URL()), `SELECT @@socket`)
	place := bob(t, server, `GRANT ALL ON test.* TO bob@'%'`, `CREATE USER bob@localhost IDENTIFIED BY '`+secret+`'`, `GRANT ALL ON test.* TO bob@localhost`)
	store := engine.Store(t, drivertest.With(t, drivertest.Edit(t, place, func(u *url.URL) { u.Host = "" }), "socket", socket))
	sqltest.Save(t, store, "s1", "one")
	sqltest.WantLoad(t, store, "s1", "one")
}

// The driver promises that a user without a right more than these can work; the first start needs one more.
func TestLeastRights(t *testing.T) {
	t.Parallel()
	server := testserver.StartMySQL(t)
	tables := []string{"test.vango_sessions", "test.vango_sessions_users"}
	var grants []string
	for _, table := range tables {
		grants = append(grants, `GRANT SELECT, INSERT, UPDATE, DELETE ON `+table+` TO bob@'%'`)
	}
	admin := engine.Store(t, server.URL())
	place := bob(t, server, grants...)
	store := engine.Store(t, place, session.WithSQLCleanupInterval(time.Millisecond))
	drivertest.CallEverything(t, store)
	if err := admin.Save(t.Context(), "soon", nil, time.Now().Add(time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	db := plainDB(t, server.URL())
	sqltest.Eventually(t, "the sweep works", func() bool {
		return sqltest.Query[int](t, db, `SELECT count(*) FROM vango_sessions WHERE expires_at < UTC_TIMESTAMP(3)`) == 0
	})
	if err := store.Close(); err != nil { // it would go on sweeping
		t.Fatal(err)
	}
	exec(t, db, `DROP TABLE `+tables[0], `DROP TABLE `+tables[1])
	wantRefused(t, place, "the user lacks a right")
	exec(t, db, `GRANT CREATE ON test.* TO bob@'%'`)
	drivertest.CallEverything(t, engine.Store(t, place))
}

func TestOpenSaysWhy(t *testing.T) {
	t.Parallel()
	server := testserver.StartMySQL(t)
	place := bob(t, server, `GRANT USAGE ON *.* TO bob@'%'`, `CREATE DATABASE other`)
	change := func(change func(u *url.URL)) string { return drivertest.Edit(t, place, change) }
	for place, want := range map[string]string{
		change(func(u *url.URL) { u.User = url.UserPassword("bob", secret+"x") }): "the user or the password (error 1045)",
		change(func(u *url.URL) { u.User = url.User("bob") }):                     "the user or the password (error 1045)",
		change(func(u *url.URL) { u.User = url.UserPassword("bobby", secret) }):   "the user or the password (error 1045)",
		change(func(u *url.URL) { u.Path = "/other" }):                            "the user may not use the database (error 1044)",
		change(func(u *url.URL) { u.Path = "/no" + secret }):                      "the user may not use the database (error 1044)",
		change(func(u *url.URL) { u.Path = "" }):                                  "1046",
		change(func(u *url.URL) { u.Host = closedPort(t) }):                       "connection refused",
		change(func(u *url.URL) { u.Host, u.RawQuery = "", "socket=/no/such" }):   "no such file",
		change(func(u *url.URL) { u.RawQuery = "tls=true" }):                      "TLS",
	} {
		wantRefused(t, place, want)
	}
	admin := drivertest.Edit(t, server.URL(), func(u *url.URL) { u.Path = "/no" + secret })
	wantRefused(t, admin, "the database does not exist (error 1049)")
	if n := sqltest.Query[int](t, plainDB(t, server.URL()), `SELECT count(*) FROM information_schema.processlist WHERE user LIKE 'bob%'`); n > 0 {
		t.Errorf("%d connections stay", n)
	}
}

// A primary that became a replica refuses writes. Its connections must not stay in use, for the name may point to the new
// primary by now.
func TestReadOnlyServerIsLeft(t *testing.T) {
	t.Parallel()
	server := testserver.StartMySQL(t)
	db := plainDB(t, server.URL())
	place := bob(t, server, `GRANT ALL ON test.* TO bob@'%'`)
	store := engine.Store(t, drivertest.With(t, place, "max_conns", "1"))
	sqltest.Save(t, store, "s1", "one")
	const connection = `SELECT COALESCE(max(id), 0) FROM information_schema.processlist WHERE user = 'bob'`
	used := sqltest.Query[int64](t, db, connection)
	exec(t, db, `SET GLOBAL read_only = ON`)
	if err := store.Save(t.Context(), "s1", nil, time.Now().Add(time.Hour)); err == nil {
		t.Error("Save on a server that is read-only: no error")
	}
	sqltest.Eventually(t, "the connection that refused a write ends", func() bool { return sqltest.Query[int64](t, db, connection) != used })
	exec(t, db, `DROP TABLE vango_sessions`, `DROP TABLE vango_sessions_users`)
	wantRefused(t, place, "read-only")
	exec(t, db, `SET GLOBAL read_only = OFF`)
	sqltest.Save(t, engine.Store(t, place), "s1", "two")
	sqltest.Save(t, store, "s1", "three")
}

// What the server says stays within reach of programs.
func TestErrorsKeepTheServersOwn(t *testing.T) {
	t.Parallel()
	server := testserver.StartMySQL(t)
	_, err := Open(bob(t, server))
	var said *client.MySQLError
	if !errors.As(err, &said) || said.Number != 1044 {
		t.Errorf("error %v, want one with the server's", err)
	}
}

func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
