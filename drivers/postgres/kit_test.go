package postgres

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"testing"

	"github.com/limpet-go/limpet/drivers/internal/drivertest"
	"github.com/limpet-go/limpet/drivers/internal/sqltest"
	"github.com/limpet-go/limpet/internal/testserver"
	"github.com/limpet-go/limpet/session"
)

var engine = drivertest.Engine{
	Open: func(place string, opts ...session.SQLStoreOption) (*session.SQLStore, error) {
		return Open(place, WithStore(opts...))
	},
	DB:     plainDB,
	Shared: testserver.Postgres,
	Env:    "LIMPET_TEST_POSTGRES",
	Within: schemaAt,
	Start:  testserver.StartPostgres,
	Others: `SELECT pid, COALESCE(wait_event_type = 'Lock', false) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`,
	Kill: func(tb testing.TB, db *sql.DB, id int64) {
		sqltest.Exec(tb, db, fmt.Sprintf(`SELECT pg_terminate_backend(%d)`, id))
	},
	Expiry: `SELECT (extract(epoch FROM expires_at) * 1000)::bigint FROM vango_sessions WHERE id = $1`,
	Picky: map[string][]string{
		"check": {`ALTER TABLE vango_sessions ADD CHECK (data <> 'bad')`},
		"trigger": {`CREATE FUNCTION picky() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no''; END'`,
			`CREATE TRIGGER picky BEFORE INSERT OR UPDATE ON vango_sessions FOR EACH ROW WHEN (NEW.data = 'bad') EXECUTE FUNCTION picky()`},
		"unique": {`CREATE UNIQUE INDEX picky ON vango_sessions ((1)) WHERE data = 'bad'`,
			`INSERT INTO vango_sessions VALUES ('taken', 'bad', 'infinity')`},
	},
}

// ownSchema returns the URL of the shared server with a new schema as its search path.
func ownSchema(tb testing.TB) string {
	tb.Helper()
	return schemaAt(tb, testserver.Postgres(tb))
}

func schemaAt(tb testing.TB, place string) string {
	tb.Helper()
	name := "t" + rand.Text()
	db := plainDB(tb, place)
	sqltest.Exec(tb, db, `CREATE SCHEMA "`+name+`"`)
	tb.Cleanup(func() {
		if _, err := db.ExecContext(context.Background(), `DROP SCHEMA "`+name+`" CASCADE`); err != nil {
			tb.Error(err)
		}
	})
	return drivertest.With(tb, place, "search_path", `"`+name+`"`)
}

func plainDB(tb testing.TB, place string) *sql.DB {
	tb.Helper()
	db, err := sql.Open("pgx", place)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Error(err)
		}
	})
	return db
}

func exec(tb testing.TB, db *sql.DB, texts ...string) {
	tb.Helper()
	sqltest.Exec(tb, db, texts...)
}
