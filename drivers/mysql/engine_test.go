package mysql

import (
	"context"
	"crypto/rand"
	"database/sql"
	"testing"

	"github.com/limpet-go/limpet/drivers/internal/sqltest"
	"github.com/limpet-go/limpet/session"
)

// sqlEngine gives each test a database of its own.
var sqlEngine = sqltest.Engine{
	Dialect: session.DialectMySQL,
	Quote:   "`",
	Fresh: func(t *testing.T) func() *sql.DB {
		place := ownDatabase(t)
		return func() *sql.DB {
			db := plainDB(t, place)
			db.SetMaxOpenConns(3) // the server is shared
			return db
		}
	},
	Schema: func(t *testing.T, db *sql.DB) string {
		text := rand.Text()
		name, quoted := "o-t`"+text, "`o-t``"+text+"`"
		sqltest.Exec(t, db, "CREATE DATABASE "+quoted)
		t.Cleanup(func() {
			if _, err := db.ExecContext(context.Background(), "DROP DATABASE "+quoted); err != nil {
				t.Error(err)
			}
		})
		return name
	},
	Analyse: []string{`ANALYZE TABLE vango_sessions, vango_sessions_users`},
	Shape: func(t testing.TB, db *sql.DB) string {
		return shape(t, db, "vango_sessions") + "\n" + shape(t, db, "vango_sessions_users")
	},
	SlowDelete: `CREATE TRIGGER slow BEFORE DELETE ON vango_sessions FOR EACH ROW DO SLEEP(0.03)`,
}

func TestCreateTable(t *testing.T) {
	t.Parallel()
	sqltest.Create(t, sqlEngine)
}

// shape names what the catalog has of a table.
func shape(t testing.TB, db *sql.DB, table string) string {
	t.Helper()
	return sqltest.Query[string](t, db, `SELECT CONCAT_WS(' | ',
		(SELECT engine FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ?),
		(SELECT GROUP_CONCAT(CONCAT_WS(' ', column_name, column_type, collation_name, is_nullable, column_default, extra) ORDER BY ordinal_position)
			FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ?),
		(SELECT GROUP_CONCAT(CONCAT_WS(' ', index_name, column_name, non_unique) ORDER BY index_name, seq_in_index)
			FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = ?))`, table, table, table)
}
