package postgres

import (
	"testing"

	"github.com/limpet-go/limpet/drivers/internal/sqltest"
)

func TestUserIndex(t *testing.T) {
	t.Parallel()
	sqltest.Users(t, sqlEngine)
}

func TestRevokeWaitsForSave(t *testing.T) {
	t.Parallel()
	sqltest.RevokeWaits(t, sqlEngine, `SELECT pg_backend_pid()`, `SELECT count(*) FROM pg_stat_activity WHERE $1::int = ANY(pg_blocking_pids(pid))`)
}
