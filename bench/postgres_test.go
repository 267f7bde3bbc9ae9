package bench

import (
	"context"
	"database/sql"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib" // the database/sql driver "pgx"

	"github.com/limpet-go/limpet/bench/peers"
	"github.com/limpet-go/limpet/bench/plain"
	"github.com/limpet-go/limpet/drivers/postgres"
	"github.com/limpet-go/limpet/session"
)

// documentedTable is a table as the documentation of session.SQLStore has it.
const documentedTable = `CREATE TABLE documented (
	id VARCHAR(64) PRIMARY KEY,
	data BYTEA NOT NULL,
	expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE DEFAULT NOW(),
	updated_at TIMESTAMP WITH TIME ZONE DEFAULT NOW()
);
CREATE INDEX idx_documented_expires ON documented(expires_at)`

// openPostgres has Limpet on the table that it makes and on the documented one. COPY, by pgx into a table like
// Limpet's, is the limit of SaveAll.
func openPostgres(tb testing.TB) *engine {
	url := startPostgres(tb)
	admin := pool(tb, "pgx", url)
	tb.Cleanup(func() { _ = admin.Close() })
	mustExec(tb, admin, documentedTable)
	e := &engine{}
	p, err := plain.NewSQL(pool(tb, "pgx", url), session.DialectPostgreSQL)
	e.add(tb, "plain", p, err)
	tuned, err := postgres.Open(url)
	e.add(tb, "limpet", newThroughManager(tuned), err)
	documented, err := postgres.Open(url, postgres.WithStore(session.WithSQLTableName("documented")))
	e.add(tb, "documented", newThroughManager(documented), err)
	scs, err := peers.NewSCSSQL(pool(tb, "pgx", url), session.DialectPostgreSQL)
	e.add(tb, "scs", scs, err)
	s, err := postgres.Open(url, postgres.WithStore(session.WithSQLTableName("copied")))
	e.add(tb, "copy", &copier{s, pool(tb, "pgx", url)}, err, "saveall")
	e.empty = func(tb testing.TB) {
		mustExec(tb, admin, `TRUNCATE plain_sessions, vango_sessions, documented, sessions, copied; CHECKPOINT`)
	}
	return e
}

// poolSize is how many connections the plain store and scs have: three times those of the driver's store.
const poolSize = 32

func pool(tb testing.TB, driver, dsn string) *sql.DB {
	db, err := sql.Open(driver, dsn)
	if err != nil {
		tb.Fatal(err)
	}
	db.SetMaxOpenConns(poolSize)
	db.SetMaxIdleConns(poolSize)
	return db
}

func mustExec(tb testing.TB, db *sql.DB, texts ...string) {
	tb.Helper()
	for _, text := range texts {
		if _, err := db.Exec(text); err != nil {
			tb.Fatal(err)
		}
	}
}

// copier is COPY into a table of Limpet's, which can only add sessions that are not there.
type copier struct {
	session.SessionStore
	db *sql.DB
}

func (c *copier) SaveAll(ctx context.Context, sessions map[string]session.SessionData) error {
	rows := make([][]any, 0, len(sessions))
	for id, d := range sessions {
		rows = append(rows, []any{id, d.Data, d.ExpiresAt})
	}
	conn, err := c.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Raw(func(driverConn any) error {
		pg := driverConn.(interface{ Conn() *pgx.Conn }).Conn()
		_, err := pg.CopyFrom(ctx, pgx.Identifier{"copied"}, []string{"id", "data", "expires_at"}, pgx.CopyFromRows(rows))
		return err
	})
}

func (c *copier) Close() error { return errors.Join(c.SessionStore.Close(), c.db.Close()) }

func BenchmarkPostgres(b *testing.B) {
	e := openPostgres(b)
	defer e.close(b)
	benchmarkCrowds(b, e, 128, 1024)
	benchmarkSaveAll(b, e, 10_000)
	benchmarkLoads(b, e)
}
