package sqlite

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/limpet-go/limpet/drivers/internal/sqltest"
	"github.com/limpet-go/limpet/session"
	"github.com/limpet-go/limpet/session/storetest"
)

// documented is the documented schema; SQLite spells NOW() CURRENT_TIMESTAMP.
var documented = sqltest.Old{Name: "the documented table", Create: []string{
	`CREATE TABLE vango_sessions (
		id VARCHAR(64) PRIMARY KEY,
		data BYTEA NOT NULL,
		expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
		created_at TIMESTAMP WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP,
		updated_at TIMESTAMP WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP
	)`,
	`CREATE INDEX idx_vango_sessions_expires ON vango_sessions(expires_at)`,
}}

func TestMigrate(t *testing.T) {
	t.Parallel()
	sqltest.Migrate(t, sqlEngine, documented, sqltest.Version1(t, "sqlite"),
		sqltest.Old{Name: "a table without index", Create: documented.Create[:1]})
}

// A table made by hand keeps the contract, but for the user index.
func TestHandMadeTableKeepsTheContract(t *testing.T) {
	t.Parallel()
	sqltest.HandMade(t, storetest.Options{VirtualTime: true}, func(t *testing.T) *session.SQLStore {
		path := filepath.Join(t.TempDir(), "a.db")
		sqltest.Exec(t, plainDB(t, path), documented.Create...)
		return openStore(t, path, WithSynchronous(Normal))
	})
}

func TestMigrateNormalisesTimes(t *testing.T) {
	t.Parallel()
	db := sqlEngine.Fresh(t)()
	sqltest.Exec(t, db, documented.Create...)
	at := time.Now().Add(time.Hour).Truncate(time.Millisecond).UTC()
	want := at.Format("2006-01-02 15:04:05.000")
	east := at.In(time.FixedZone("", 5*3600+1800))
	for form, text := range map[string]string{
		"store": want, "mattn": east.Format("2006-01-02 15:04:05.999999999-07:00"), "ncruces": east.Format(time.RFC3339Nano),
		"modernc": east.String(), "monotonic": at.Local().String() + " m=+0.123456789", "named": at.In(time.FixedZone("CEST", 7200)).String(),
		"iso": at.Format("2006-01-02T15:04:05.999Z"), "sqlite": at.Format("2006-01-02T15:04:05.000"),
	} {
		sqltest.Exec(t, db, fmt.Sprintf(`INSERT INTO vango_sessions VALUES ('%s', 'x', '%s', '%s', '%s')`, form, text, text, text))
	}
	sqltest.Exec(t, db,
		`INSERT INTO vango_sessions (id, data, expires_at) VALUES ('now', 'x', CURRENT_TIMESTAMP)`,
		`INSERT INTO vango_sessions VALUES ('tomorrow', 'x', 'tomorrow', 'now', '2026-13-45 00:00:00')`,
		`INSERT INTO vango_sessions VALUES ('number', 'x', 1893456000, 1.5, NULL)`,
		`INSERT INTO vango_sessions VALUES (NULL, 'x', 'then', '2026-01-02 03:04:05', NULL)`,
		`INSERT INTO vango_sessions VALUES (x'00ff', 'x', 'then', '2026-01-02 03:04:05', NULL)`,
	)
	store := sqliteStore(t, db, session.WithSQLCleanupInterval(-1))
	if err := errors.Join(store.Migrate(t.Context()), store.Migrate(t.Context())); err != nil {
		t.Fatal(err)
	}
	all := `expires_at = '` + want + `' AND created_at = '` + want + `' AND updated_at = '` + want + `'`
	if n := queryInt(t, db, `SELECT count(*) FROM vango_sessions WHERE `+all); n != 8 {
		t.Errorf("%d rows have times in the store's form, want 8", n)
	}
	if n := queryInt(t, db, `SELECT count(*) FROM vango_sessions WHERE id = 'now' AND length(expires_at) = 23 AND expires_at < '`+want+`'
		OR id = 'tomorrow' AND expires_at = 'tomorrow' AND created_at = 'now' AND updated_at = '2026-13-45 00:00:00'
		OR id = 'number' AND expires_at = 1893456000 AND created_at = 1.5 AND updated_at IS NULL
		OR id IS NULL AND created_at = '2026-01-02 03:04:05' OR id = x'00ff' AND expires_at = 'then'`); n != 5 {
		t.Errorf("%d of 5 rows that have no such times are as they were", n)
	}
	wantLoad(t, store, "mattn", "x")
}

func TestMigrateNormalisesManyRows(t *testing.T) {
	t.Parallel()
	db := sqlEngine.Fresh(t)()
	sqltest.Exec(t, db, documented.Create...)
	sqltest.Expired(t, db, "vango_sessions", 1000)
	sqltest.Exec(t, db, `UPDATE vango_sessions SET expires_at = CASE WHEN id LIKE '%7' THEN 'never' ELSE '2101-01-01T00:00:00Z' END`)
	if err := sqliteStore(t, db).Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := queryInt(t, db, `SELECT count(*) FROM vango_sessions WHERE expires_at = '2101-01-01 00:00:00.000'`); n != 900 {
		t.Errorf("%d rows rewritten, want 900", n)
	}
}

func TestMigrateRefusesIDsWithoutCase(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"COLLATE NOCASE PRIMARY KEY", "UNIQUE COLLATE NOCASE NOT NULL", "PRIMARY KEY UNIQUE COLLATE NOCASE", "COLLATE RTRIM UNIQUE"} {
		db := sqlEngine.Fresh(t)()
		sqltest.Exec(t, db, strings.Replace(documented.Create[0], "PRIMARY KEY", id, 1))
		before := sqlEngine.Shape(t, db)
		if err := sqliteStore(t, db).Migrate(t.Context()); err == nil || !strings.Contains(err.Error(), "takes different IDs for one") {
			t.Errorf("%s: Migrate: %v", id, err)
		}
		if after := sqlEngine.Shape(t, db); after != before {
			t.Errorf("the table is %s, want %s", after, before)
		}
	}
}

// A database that may not be written needs no writing if its table is there.
func TestCreateTableNeedsNoRightToWrite(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.db")
	save(t, newStore(t, plainDB(t, path)), "s1", "one")
	store := sqliteStore(t, plainDB(t, "file:"+path+"?mode=ro"))
	if err := store.CreateTable(t.Context()); err != nil {
		t.Error(err)
	}
	wantLoad(t, store, "s1", "one")
}
