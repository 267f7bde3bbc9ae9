package sqlite

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/limpet-go/limpet/drivers/internal/sqltest"
	"github.com/limpet-go/limpet/session"
)

// sqlEngine gives each test a file of its own, in WAL mode as Open has it, but without its wait for the disk.
var sqlEngine = sqltest.Engine{
	Dialect: session.DialectSQLite,
	Quote:   `"`,
	Fresh: func(t *testing.T) func() *sql.DB {
		path := filepath.Join(t.TempDir(), "a.db") + "?_journal_mode=WAL&_synchronous=OFF"
		return func() *sql.DB { return plainDB(t, path) }
	},
	Schema: func(t *testing.T, db *sql.DB) string {
		db.SetMaxOpenConns(1) // what is attached is attached to a connection
		sqltest.Exec(t, db, `ATTACH '`+filepath.Join(t.TempDir(), "b.db")+`' AS "o-t""x"`)
		return `o-t"x`
	},
	Analyse: []string{`ANALYZE`},
	Shape: func(t testing.TB, db *sql.DB) string {
		return shape(t, db, "vango_sessions") + "\n" + shape(t, db, "vango_sessions_users")
	},
	Block: func(t *testing.T, db *sql.DB) (done func()) {
		tx, err := db.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.ExecContext(t.Context(), "DELETE FROM vango_sessions WHERE id = 'none'"); err != nil {
			t.Fatal(err)
		}
		return func() {
			if err := tx.Rollback(); err != nil {
				t.Error(err)
			}
		}
	},
	LocksAll: true,
}

// shape names a table's columns and indexes. Defaults, and whether an ID may be NULL, are not among what SQLite can change.
func shape(t testing.TB, db *sql.DB, table string) string {
	t.Helper()
	return sqltest.Query[string](t, db, `SELECT concat_ws(' | ',
		(SELECT group_concat(name || ' ' || type) FROM pragma_table_info(?)),
		(SELECT group_concat(name || ' ' || (SELECT group_concat(name || coll) FROM pragma_index_xinfo(l.name) WHERE key = 1)) FROM (SELECT * FROM pragma_index_list(?) ORDER BY name) AS l))`,
		table, table)
}

func TestCreateTable(t *testing.T) {
	t.Parallel()
	sqltest.Create(t, sqlEngine)
}
