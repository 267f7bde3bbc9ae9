package postgres

import (
	"errors"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/limpet-go/limpet/drivers/internal/drivertest"
	"github.com/limpet-go/limpet/drivers/internal/sqltest"
	"github.com/limpet-go/limpet/internal/testserver"
	"github.com/limpet-go/limpet/session"
)

// role creates a role that logs in with a password, and returns the URL in its name.
func role(t *testing.T, place, password, grants string) string {
	t.Helper()
	db := plainDB(t, place)
	name := "r" + strings.ToLower(strings.ReplaceAll(t.Name(), "/", "_"))
	exec(t, db, `DROP ROLE IF EXISTS `+name)
	exec(t, db, `CREATE ROLE `+name+` LOGIN PASSWORD '`+password+`'`)
	exec(t, db, strings.ReplaceAll(grants, "NAME", name))
	return drivertest.Edit(t, place, func(u *url.URL) { u.User = url.UserPassword(name, password) })
}

func TestReopenedStoreKeepsItsSessions(t *testing.T) {
	t.Parallel()
	place := ownSchema(t)
	first := engine.Store(t, place)
	sqltest.Save(t, first, "s1", "one")
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	sqltest.WantLoad(t, engine.Store(t, place), "s1", "one")
}

func TestStoreOptionsCountMoreThanTheURL(t *testing.T) {
	t.Parallel()
	place := ownSchema(t)
	sqltest.Save(t, engine.Store(t, drivertest.With(t, place, "table", "a"), session.WithSQLTableName("b")), "s1", "one")
	sqltest.WantLoad(t, engine.Store(t, drivertest.With(t, place, "table", "b")), "s1", "one")
}

func TestConnectionsSayWhoTheyAre(t *testing.T) {
	t.Parallel()
	place := testserver.StartPostgres(t).URL()
	db := plainDB(t, place)
	store := engine.Store(t, drivertest.With(t, place, "table", "a", "max_conns", "2"))
	for range 20 {
		sqltest.Save(t, store, "s1", "one")
	}
	if n := sqltest.Query[int](t, db, `SELECT count(*) FROM pg_stat_activity WHERE application_name = 'limpet'`); n < 1 || n > 2 {
		t.Errorf("%d connections named limpet, want 1 or 2", n)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	for sqltest.Query[int](t, db, `SELECT count(*) FROM pg_stat_activity WHERE application_name = 'limpet'`) > 0 {
		if t.Context().Err() != nil {
			t.Fatal("connections of a closed store stay")
		}
	}
}

func TestPoolIsBounded(t *testing.T) {
	t.Parallel()
	place := testserver.StartPostgres(t, "-c", "max_connections=12").URL() // three are for superusers, as are we
	store := engine.Store(t, place)
	if err := drivertest.SaveAtOnce(t, store, 640); err != nil {
		t.Error(err)
	}
}

func TestSetUpOfConnections(t *testing.T) {
	t.Parallel()
	place := ownSchema(t)
	exec(t, plainDB(t, place), `CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(60); RETURN NEW; END'`)
	store := engine.Store(t, drivertest.With(t, place, "statement_timeout", "50"))
	exec(t, plainDB(t, place), `CREATE TRIGGER slow BEFORE INSERT ON vango_sessions FOR EACH ROW EXECUTE FUNCTION slow()`)
	err := store.Save(t.Context(), "s1", nil, time.Now().Add(time.Hour))
	var said *pgconn.PgError
	if !errors.As(err, &said) || said.Code != "57014" {
		t.Errorf("Save beyond statement_timeout: %v", err)
	}
}

func TestUnixSocket(t *testing.T) {
	t.Parallel()
	place := testserver.StartPostgres(t).URL() // the shared one may be on another machine
	dir := sqltest.Query[string](t, plainDB(t, place), `SHOW unix_socket_directories`)
	port := sqltest.Query[string](t, plainDB(t, place), `SHOW port`)
	store := engine.Store(t, drivertest.Edit(t, drivertest.With(t, place, "host", dir, "port", port), func(u *url.URL) { u.Host = "" }))
	sqltest.Save(t, store, "s1", "one")
	sqltest.WantLoad(t, store, "s1", "one")
}

// The driver promises that a role without a right more than these can work; the first start needs one more.
func TestLeastRights(t *testing.T) {
	t.Parallel()
	server := testserver.StartPostgres(t)
	place := role(t, server.URL(), "secret", `GRANT CREATE ON SCHEMA public TO NAME`)
	engine.Store(t, place)
	name := parsed(t, place).User.Username()
	exec(t, plainDB(t, server.URL()), `ALTER TABLE vango_sessions OWNER TO postgres; ALTER TABLE vango_sessions_users OWNER TO postgres;
		REVOKE CREATE ON SCHEMA public FROM `+name+`; REVOKE ALL ON ALL TABLES IN SCHEMA public FROM `+name+`;
		GRANT SELECT, INSERT, UPDATE, DELETE ON vango_sessions, vango_sessions_users TO `+name)
	store := engine.Store(t, place, session.WithSQLCleanupInterval(time.Millisecond))
	drivertest.CallEverything(t, store)
	sqltest.Eventually(t, "the sweep works", func() bool {
		return sqltest.Query[int](t, plainDB(t, server.URL()), `SELECT count(*) FROM vango_sessions WHERE expires_at < now()`) == 0
	})
}

func TestMissingRightsAreErrors(t *testing.T) {
	t.Parallel()
	place := role(t, testserver.StartPostgres(t).URL(), secret, `GRANT CONNECT ON DATABASE postgres TO NAME`)
	wantRefused(t, place, "42501")
}

func TestOpenSaysWhyAndLeavesNothing(t *testing.T) {
	t.Parallel()
	server := testserver.StartPostgres(t)
	good := role(t, server.URL(), secret, `GRANT CONNECT ON DATABASE postgres TO NAME`)
	change := func(change func(u *url.URL)) string { return drivertest.Edit(t, good, change) }
	name := parsed(t, good).User.Username()
	for place, want := range map[string]string{
		change(func(u *url.URL) { u.User = url.UserPassword(name, secret+"x") }):      "the user or the password (SQLSTATE 28P01)",
		change(func(u *url.URL) { u.User = url.User(name) }):                          "28P01",
		change(func(u *url.URL) { u.User = url.UserPassword("nobody", secret) }):      "28P01",
		change(func(u *url.URL) { u.Path = "/no" + secret }):                          "the database does not exist (SQLSTATE 3D000)",
		change(func(u *url.URL) { u.Host = closedPort(t) }):                           "connection refused",
		change(func(u *url.URL) { u.Host = "" }) + "&host=/no/such/folder":            "no such file",
		change(func(u *url.URL) { u.RawQuery = "sslmode=require" }):                   "TLS",
		change(func(u *url.URL) { u.RawQuery += "&statement_timeout=99999999999ms" }): "22023",
		drivertest.With(t, good, "table", "missing.x"):                                "3F000",
	} {
		wantRefused(t, place, want)
	}
	db := plainDB(t, server.URL())
	sqltest.Eventually(t, "no connection is left", func() bool {
		return sqltest.Query[int](t, db, `SELECT count(*) FROM pg_stat_activity WHERE application_name = 'limpet'`) == 0
	})
}

// wantRefused opens a URL in both ways; the error says what is wanted, and neither user nor password.
func wantRefused(t *testing.T, place, want string) {
	t.Helper()
	u := parsed(t, place)
	_, openErr := Open(place)
	_, urlErr := session.ParseStoreURL(place)
	for _, err := range []error{openErr, urlErr} {
		if err == nil {
			t.Errorf("no error, want %s", want)
			continue
		}
		text := err.Error()
		user := u.User.Username()
		if !strings.Contains(text, want) || strings.Contains(text, secret) || user != "" && strings.Contains(text, user) {
			t.Errorf("error %q, want %q in it and nothing of the user", text, want)
		}
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

func parsed(t *testing.T, place string) *url.URL {
	t.Helper()
	u, err := url.Parse(place)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
