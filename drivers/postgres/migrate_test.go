package postgres

import (
	"context"
	"crypto/rand"
	"strings"
	"testing"

	"github.com/limpet-go/limpet/drivers/internal/drivertest"
	"github.com/limpet-go/limpet/drivers/internal/sqltest"
	"github.com/limpet-go/limpet/session"
	"github.com/limpet-go/limpet/session/storetest"
)

// documented is the documented schema, as it stands.
var documented = sqltest.Old{Name: "the documented table", Create: []string{
	`CREATE TABLE vango_sessions (
		id VARCHAR(64) PRIMARY KEY,
		data BYTEA NOT NULL,
		expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
		created_at TIMESTAMP WITH TIME ZONE DEFAULT NOW(),
		updated_at TIMESTAMP WITH TIME ZONE DEFAULT NOW()
	);`,
	`CREATE INDEX idx_vango_sessions_expires ON vango_sessions(expires_at);`,
}}

func TestMigrate(t *testing.T) {
	t.Parallel()
	sqltest.Migrate(t, sqlEngine, documented, sqltest.Version1(t, "postgres"),
		sqltest.Old{Name: "a table without index and zones", Create: []string{
			`CREATE TABLE vango_sessions (id TEXT PRIMARY KEY, data BYTEA NOT NULL, expires_at TIMESTAMP NOT NULL, created_at TIMESTAMP(0) DEFAULT NOW(), updated_at TIMESTAMPTZ(0) DEFAULT NOW())`,
		}},
	)
}

func TestMigrateTimesOut(t *testing.T) {
	t.Parallel()
	sqltest.MigrateTimesOut(t, sqlEngine, documented)
}

// A table made by hand keeps the contract, but for the user index.
func TestHandMadeTableKeepsTheContract(t *testing.T) {
	t.Parallel()
	sqltest.HandMade(t, storetest.Options{}, func(t *testing.T) *session.SQLStore {
		place := ownSchema(t)
		sqltest.Exec(t, plainDB(t, place), documented.Create...)
		return engine.Store(t, place)
	})
}

func TestTableThatExistsNeedsNoRightToCreate(t *testing.T) {
	t.Parallel()
	place := ownSchema(t)
	owner := plainDB(t, place)
	role := "r" + strings.ToLower(rand.Text())
	sqltest.Exec(t, owner, `CREATE ROLE `+role, `ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO `+role)
	t.Cleanup(func() {
		for _, text := range []string{`DROP OWNED BY ` + role, `DROP ROLE ` + role} {
			if _, err := owner.ExecContext(context.Background(), text); err != nil {
				t.Error(err)
			}
		}
	})
	schema := sqltest.Query[string](t, owner, `SELECT quote_ident(current_schema)`)
	sqltest.Exec(t, owner, `GRANT USAGE ON SCHEMA `+schema+` TO `+role)
	sqltest.NoRights(t, sqlEngine, owner, plainDB(t, drivertest.With(t, place, "role", role)))
}

// A table that the search path finds in a later schema has its table of users there too.
func TestMigrateStaysInTheSchema(t *testing.T) {
	t.Parallel()
	place := ownSchema(t)
	first := plainDB(t, place)
	second := sqlEngine.Schema(t, first)
	sqltest.Exec(t, first, strings.Replace(documented.Create[0], "vango_sessions", sqlEngine.Quoted(second+".vango_sessions"), 1))
	schema := sqltest.Query[string](t, first, `SELECT quote_ident(current_schema)`)
	db := plainDB(t, drivertest.With(t, place, "search_path", schema+","+sqlEngine.Quoted(second)))
	if err := sqlEngine.Store(t, db).Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := sqltest.Lines(t, db, `SELECT tablename FROM pg_tables WHERE schemaname = $1 ORDER BY 1`, second)
	if want := "vango_sessions \nvango_sessions_users \n"; got != want {
		t.Errorf("tables %q, want %q", got, want)
	}
	if n := sqltest.Query[int](t, first, `SELECT count(*) FROM pg_tables WHERE schemaname = current_schema`); n != 0 {
		t.Errorf("%d tables in the first schema", n)
	}
}
