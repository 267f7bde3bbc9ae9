package mysql

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	client "github.com/go-sql-driver/mysql"

	"github.com/limpet-go/limpet/drivers/internal/drivertest"
	"github.com/limpet-go/limpet/drivers/internal/sqltest"
	"github.com/limpet-go/limpet/session"
	"github.com/limpet-go/limpet/session/storetest"
)

// handMade are what the documented schema becomes in the hands of those who know MySQL more or less.
var handMade = []sqltest.Old{
	{Name: "the documented table", Create: []string{
		`CREATE TABLE vango_sessions (
			id VARCHAR(64) PRIMARY KEY,
			data LONGBLOB NOT NULL,
			expires_at TIMESTAMP NOT NULL,
			created_at TIMESTAMP DEFAULT NOW(),
			updated_at TIMESTAMP DEFAULT NOW() ON UPDATE NOW()
		) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci`,
		`CREATE INDEX idx_vango_sessions_expires ON vango_sessions(expires_at)`,
	}},
	{Name: "a table with small blobs and no index", Create: []string{
		`CREATE TABLE vango_sessions (id VARCHAR(64) NOT NULL PRIMARY KEY, data BLOB, expires_at DATETIME NOT NULL, created_at DATETIME DEFAULT NOW(), updated_at DATETIME)
			ENGINE=MyISAM CHARACTER SET latin1`,
	}},
	{Name: "a table with fractions", Create: []string{
		`CREATE TABLE vango_sessions (id VARBINARY(64) PRIMARY KEY, data MEDIUMBLOB NOT NULL, expires_at DATETIME(6) NOT NULL, created_at DATETIME(6), updated_at DATETIME(6), KEY (expires_at, id))`,
		`ALTER TABLE vango_sessions DROP KEY expires_at, ADD KEY idx_vango_sessions_expires (expires_at)`,
	}},
}

func TestMigrate(t *testing.T) {
	t.Parallel()
	sqltest.Migrate(t, sqlEngine, append(handMade, sqltest.Version1(t, "mysql"))...)
}

func TestMigrateTimesOut(t *testing.T) {
	t.Parallel()
	sqltest.MigrateTimesOut(t, sqlEngine, handMade[0])
}

// A table made by hand with care keeps the contract, but for the user index.
func TestHandMadeTableKeepsTheContract(t *testing.T) {
	t.Parallel()
	sqltest.HandMade(t, storetest.Options{}, func(t *testing.T) *session.SQLStore {
		place := ownDatabase(t)
		sqltest.Exec(t, plainDB(t, place),
			`CREATE TABLE vango_sessions (
				id VARCHAR(64) COLLATE utf8mb4_bin PRIMARY KEY,
				data LONGBLOB NOT NULL,
				expires_at DATETIME(3) NOT NULL,
				created_at DATETIME(3) DEFAULT NOW(3),
				updated_at DATETIME(3) DEFAULT NOW(3)
			) CHARACTER SET utf8mb4`,
			`CREATE INDEX idx_vango_sessions_expires ON vango_sessions(expires_at)`)
		return engine.Store(t, place)
	})
}

// What a store writes into a TIMESTAMP column is what it reads there, and what Migrate finds, in any zone that its
// connections have, as long as it is one.
func TestMigrateInAnotherZone(t *testing.T) {
	t.Parallel()
	zoned := sqlEngine
	zoned.Fresh = func(t *testing.T) func() *sql.DB {
		place := ownDatabase(t)
		return func() *sql.DB { return zonedDB(t, place, "+05:30") }
	}
	sqltest.Migrate(t, zoned, handMade[0])
}

func zonedDB(t *testing.T, place, zone string) *sql.DB {
	t.Helper()
	u, err := url.Parse(place)
	if err != nil {
		t.Fatal(err)
	}
	config := client.NewConfig()
	config.User, config.Net, config.Addr, config.DBName = u.User.Username(), "tcp", u.Host, u.Path[1:]
	config.Passwd, _ = u.User.Password()
	config.Params = map[string]string{"time_zone": "'" + zone + "'"}
	connector, err := client.NewConnector(config)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func TestMigrateRefusesIDsThatAreNotASCII(t *testing.T) {
	t.Parallel()
	db := sqlEngine.Fresh(t)()
	sqltest.Exec(t, db, handMade[0].Create...)
	store := sqlEngine.Store(t, db)
	sqltest.Save(t, store, "s1", "one")
	sqltest.Exec(t, db, `INSERT INTO vango_sessions (id, data, expires_at) VALUES ('Größe', 'x', NOW()), ('größer', 'x', NOW())`)
	before := shape(t, db, "vango_sessions")
	if err := store.Migrate(t.Context()); err == nil || !strings.Contains(err.Error(), "2 rows") || strings.Contains(err.Error(), "Gr") {
		t.Errorf("Migrate: %v", err)
	}
	if after := shape(t, db, "vango_sessions"); after != before {
		t.Errorf("the table is %s, want %s", after, before)
	}
	sqltest.Exec(t, db, `DELETE FROM vango_sessions WHERE id LIKE 'gr%'`)
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	sqltest.WantLoad(t, store, "s1", "one")
}

// What does not fit the new columns is an error in every SQL mode, not cut to fit.
func TestMigrateNeverCutsData(t *testing.T) {
	t.Parallel()
	db := sqlEngine.Fresh(t)()
	db.SetMaxOpenConns(1)
	long := strings.Repeat("x", 65)
	sqltest.Exec(t, db, `SET SESSION sql_mode = ''`,
		`CREATE TABLE vango_sessions (id VARCHAR(70) PRIMARY KEY, data LONGBLOB, expires_at TIMESTAMP, created_at TIMESTAMP, updated_at TIMESTAMP)`,
		`INSERT INTO vango_sessions (id, data, expires_at) VALUES ('`+long+`', 'x', NOW())`)
	if err := sqlEngine.Store(t, db).Migrate(t.Context()); err == nil {
		t.Error("Migrate cut an ID")
	}
	if n := sqltest.Query[int](t, db, `SELECT count(*) FROM vango_sessions WHERE id = '`+long+`'`); n != 1 {
		t.Error("the row has another ID")
	}
}

// When its context ends while the table is being copied, the server gives the copy up. Nobody can write meanwhile.
func TestMigrateLeavesNothingRunning(t *testing.T) {
	for name, conns := range map[string]int{"three connections": 3, "one connection": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			migrateCutShort(t, conns)
		})
	}
}

func migrateCutShort(t *testing.T, conns int) {
	t.Helper()
	open := sqlEngine.Fresh(t)
	db := open()
	db.SetMaxOpenConns(conns)
	sqltest.Exec(t, db, handMade[0].Create...)
	sqltest.Expired(t, db, "vango_sessions", 100_000)
	const altering = `SELECT count(*) FROM information_schema.processlist WHERE db = DATABASE() AND info LIKE 'ALTER TABLE%'`
	reader, err := open().BeginTx(t.Context(), nil) // lets the table be copied, and not be replaced by the copy
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reader.Rollback() }() // nothing, once it has ended
	if _, err := reader.ExecContext(t.Context(), `SELECT 1 FROM vango_sessions LIMIT 1`); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error, 1)
	go func() { failed <- sqlEngine.Store(t, db, session.WithSQLCleanupInterval(-1)).Migrate(ctx) }()
	watch := open()
	sqltest.Eventually(t, "the table is being copied", func() bool {
		return sqltest.Query[int](t, watch, altering+` AND (state LIKE 'copy%' OR state LIKE 'Waiting for table%')`) == 1
	})
	cancel()
	cancelled := time.Now()
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Errorf("Migrate: %v", err)
	}
	if late := time.Since(cancelled); late > 3*time.Second {
		t.Errorf("Migrate ended %v after its context", late)
	}
	if err := reader.Rollback(); err != nil {
		t.Error(err)
	}
	sqltest.Eventually(t, "it is not", func() bool { return sqltest.Query[int](t, watch, altering) == 0 })
	if n := sqltest.Query[int](t, watch, `SELECT count(*) FROM information_schema.columns WHERE table_schema = DATABASE() AND column_type = 'timestamp'`); n != 3 {
		t.Errorf("the server went on: %d columns are as they were", n)
	}
}

func TestTableThatExistsNeedsNoRightToCreate(t *testing.T) {
	t.Parallel()
	place := ownDatabase(t)
	owner := plainDB(t, place)
	user := "u" + strings.ToLower(rand.Text())
	sqltest.Exec(t, owner, `CREATE USER `+user+`@'%'`)
	t.Cleanup(func() {
		if _, err := owner.ExecContext(context.Background(), `DROP USER `+user); err != nil {
			t.Error(err)
		}
	})
	sqltest.Exec(t, owner, `GRANT SELECT, INSERT, UPDATE, DELETE ON `+sqltest.Query[string](t, owner, `SELECT DATABASE()`)+`.* TO `+user)
	sqltest.NoRights(t, sqlEngine, owner, plainDB(t, drivertest.Edit(t, place, func(u *url.URL) { u.User = url.User(user) })))
}
