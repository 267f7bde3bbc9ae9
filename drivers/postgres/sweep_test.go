package postgres

import (
	"testing"
	"time"

	"github.com/limpet-go/limpet/drivers/internal/sqltest"
	"github.com/limpet-go/limpet/session"
)

func TestSweep(t *testing.T) {
	t.Parallel()
	sqltest.Sweep(t, sqlEngine)
}

// A row that a transaction holds is passed over, not waited for.
func TestSweepPassesOverLockedRows(t *testing.T) {
	t.Parallel()
	open := sqlEngine.Fresh(t)
	db := open()
	sqlEngine.Created(t, db, "vango_sessions")
	sqltest.Expired(t, db, "vango_sessions", 1000)
	tx, err := open().BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }() // it only locks
	if _, err := tx.ExecContext(t.Context(), `SELECT id FROM vango_sessions WHERE id LIKE '%7' FOR UPDATE`); err != nil {
		t.Fatal(err)
	}
	sqlEngine.Store(t, db, session.WithSQLCleanupInterval(10*time.Millisecond))
	sqltest.Eventually(t, "all others are swept", func() bool { return sqltest.Query[int](t, db, `SELECT count(*) FROM vango_sessions`) == 100 })
}
