package postgres

import (
	"context"
	"crypto/rand"
	"database/sql"
	"testing"

	"github.com/limpet-go/limpet/drivers/internal/sqltest"
	"github.com/limpet-go/limpet/session"
)

// sqlEngine gives each test a schema of its own.
var sqlEngine = sqltest.Engine{
	Dialect: session.DialectPostgreSQL,
	Quote:   `"`,
	Fresh: func(t *testing.T) func() *sql.DB {
		place := ownSchema(t)
		return func() *sql.DB {
			db := plainDB(t, place)
			db.SetMaxOpenConns(3) // the server is shared
			return db
		}
	},
	Schema: func(t *testing.T, db *sql.DB) string {
		text := rand.Text()
		name, quoted := `o-t"`+text, `"o-t""`+text+`"`
		sqltest.Exec(t, db, `CREATE SCHEMA `+quoted)
		t.Cleanup(func() {
			if _, err := db.ExecContext(context.Background(), `DROP SCHEMA `+quoted+` CASCADE`); err != nil {
				t.Error(err)
			}
		})
		return name
	},
	Analyse: []string{`ANALYZE vango_sessions`, `ANALYZE vango_sessions_users`},
	Shape: func(t testing.TB, db *sql.DB) string {
		return sqltest.Query[string](t, db, shape, "vango_sessions") + "\n" + sqltest.Query[string](t, db, shape, "vango_sessions_users")
	},
	SlowDelete: `CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.03); RETURN OLD; END';
		CREATE TRIGGER slow BEFORE DELETE ON vango_sessions FOR EACH ROW EXECUTE FUNCTION slow()`,
}

func TestCreateTable(t *testing.T) {
	t.Parallel()
	sqltest.Create(t, sqlEngine)
}

// shape names what PostgreSQL keeps of a table, without the schema it is in.
const shape = `SELECT concat_ws(' | ',
	(SELECT array_to_string(reloptions, ' ') FROM pg_class WHERE oid = to_regclass($1::text)),
	(SELECT string_agg(concat_ws(' ', attname, format_type(atttypid, atttypmod), collname, attstorage, attnotnull, pg_get_expr(adbin, adrelid)), ', ' ORDER BY attnum)
		FROM pg_attribute LEFT JOIN pg_collation c ON c.oid = attcollation LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
		WHERE attrelid = to_regclass($1::text) AND attnum > 0),
	(SELECT string_agg(replace(pg_get_indexdef(indexrelid), quote_ident(current_schema) || '.', ''), ', ' ORDER BY indexrelid::regclass::text) FROM pg_index WHERE indrelid = to_regclass($1::text)))`
