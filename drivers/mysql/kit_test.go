package mysql

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	client "github.com/go-sql-driver/mysql"

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
	Shared: testserver.MySQL,
	Env:    "LIMPET_TEST_MYSQL",
	Within: databaseAt,
	Start:  testserver.StartMySQL,
	Others: `SELECT p.id, t.trx_state IS NOT NULL AND t.trx_state = 'LOCK WAIT' FROM information_schema.processlist p
		LEFT JOIN information_schema.innodb_trx t ON t.trx_mysql_thread_id = p.id
		WHERE p.id <> connection_id() AND p.user NOT IN ('system user', 'event_scheduler')`,
	Kill:   kill,
	Expiry: `SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', expires_at) DIV 1000 FROM vango_sessions WHERE id = ?`,
	Picky: map[string][]string{
		"check":   {`ALTER TABLE vango_sessions ADD CHECK (data <> 'bad')`},
		"trigger": {`CREATE TRIGGER picky BEFORE INSERT ON vango_sessions FOR EACH ROW IF NEW.data = 'bad' THEN SIGNAL SQLSTATE '45000'; END IF`},
		"too long": {`ALTER TABLE vango_sessions MODIFY data VARBINARY(4)`,
			`CREATE TRIGGER picky BEFORE INSERT ON vango_sessions FOR EACH ROW IF NEW.data = 'bad' THEN SET NEW.data = 'too long'; END IF`},
	},
}

func kill(tb testing.TB, db *sql.DB, id int64) {
	tb.Helper()
	_, err := db.ExecContext(tb.Context(), fmt.Sprintf(`KILL CONNECTION %d`, id))
	var e *client.MySQLError
	if err != nil && !(errors.As(err, &e) && e.Number == 1094) { // no such thread: it ended by itself
		tb.Fatal(err)
	}
}

// ownDatabase returns the URL of the shared server with a new database.
func ownDatabase(tb testing.TB) string {
	tb.Helper()
	return databaseAt(tb, testserver.MySQL(tb))
}

func databaseAt(tb testing.TB, place string) string {
	tb.Helper()
	name := "t" + rand.Text()
	db := plainDB(tb, place)
	exec(tb, db, "CREATE DATABASE "+name)
	tb.Cleanup(func() {
		if _, err := db.ExecContext(context.Background(), "DROP DATABASE "+name); err != nil {
			tb.Error(err)
		}
	})
	return drivertest.Edit(tb, place, func(u *url.URL) { u.Path = "/" + name })
}

// plainDB knows nothing of a URL but where the server is, and who logs in.
func plainDB(tb testing.TB, place string) *sql.DB {
	tb.Helper()
	u, err := url.Parse(place)
	if err != nil {
		tb.Fatal(err)
	}
	config := client.NewConfig()
	config.User, config.Addr, config.Net, config.DBName = u.User.Username(), u.Host, "tcp", strings.TrimPrefix(u.Path, "/")
	config.Passwd, _ = u.User.Password()
	c, err := client.NewConnector(config)
	if err != nil {
		tb.Fatal(err)
	}
	db := sql.OpenDB(c)
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
