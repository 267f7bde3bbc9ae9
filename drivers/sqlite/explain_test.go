package sqlite

import (
	"database/sql"
	"testing"

	"github.com/limpet-go/limpet/drivers/internal/sqltest"
)

func TestStatementsUseTheIndexes(t *testing.T) {
	t.Parallel()
	const now = "2026-01-02 03:04:05.006"
	const key, expiry = "sqlite_autoindex_vango_sessions_1 (id", "idx_vango_sessions_expires"
	const userKey, userIndex, userExpiry = "PRIMARY KEY (session_id", "idx_vango_sessions_users_user", "idx_vango_sessions_users_expires"
	sqltest.Plans(t, sqlEngine, "sqlite", "SCAN vango", func(t *testing.T, db *sql.DB, text string, args []any) string {
		return sqltest.Lines(t, db, "EXPLAIN QUERY PLAN "+text, args...)
	}, []sqltest.Plan{
		{Statement: "load", Args: []any{"old-1", now}, Uses: []string{key}},
		{Statement: "touch", Args: []any{now, now, "old-1", now}, Uses: []string{key}},
		{Statement: "load all", Args: []any{"old-1", "old-2", now}, Uses: []string{key}},
		{Statement: "scan", Args: []any{now, "old-1", 100}, Uses: []string{key}},
		{Statement: "remove one", Args: []any{"old-1"}, Uses: []string{key}},
		{Statement: "remove two", Args: []any{"old-1", "old-2"}, Uses: []string{key}},
		{Statement: "expired", Args: []any{now}, Uses: []string{expiry}},
		{Statement: "remove expired", Args: []any{"old-1", "old-2", now}, Uses: []string{key}},
		{Statement: "unset user", Args: []any{"old-1"}, Uses: []string{userKey}},
		{Statement: "user page", Args: []any{"user-123", ""}, Uses: []string{userIndex}},
		{Statement: "infos", Args: []any{now, "old-1", "old-2"}, Uses: []string{key}},
		{Statement: "ended users", Args: []any{now}, Uses: []string{userExpiry, key}},
		{Statement: "keep users", Args: []any{now, now, "old-1", "old-2"}, Uses: []string{userKey, key}},
		{Statement: "drop users", Args: []any{"old-1", "old-2", now}, Uses: []string{userKey}},
	})
}
