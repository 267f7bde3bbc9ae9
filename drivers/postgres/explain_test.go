package postgres

import (
	"database/sql"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/limpet-go/limpet/drivers/internal/sqltest"
)

func TestStatementsUseTheIndexes(t *testing.T) {
	t.Parallel()
	const key, expiry = "vango_sessions_pkey", "idx_vango_sessions_expires"
	const userKey, userIndex, userExpiry = "vango_sessions_users_pkey", "idx_vango_sessions_users_user", "idx_vango_sessions_users_expires"
	sqltest.Plans(t, sqlEngine, "postgres", "Seq Scan", func(t *testing.T, db *sql.DB, text string, args []any) string {
		return sqltest.Lines(t, db, "EXPLAIN "+text, append([]any{pgx.QueryExecModeSimpleProtocol}, args...)...)
	}, []sqltest.Plan{
		{Statement: "load", Args: []any{"old-1"}, Uses: []string{key}},
		{Statement: "touch", Args: []any{"old-1", 1000}, Uses: []string{key}},
		{Statement: "touch all", Args: []any{"old-1 old-2", "1000 1000"}, Uses: []string{key}},
		{Statement: "load all", Args: []any{"old-1 old-2"}, Uses: []string{key}},
		{Statement: "scan", Args: []any{"old-1", 100}, Uses: []string{key}},
		{Statement: "remove one", Args: []any{"old-1"}, Uses: []string{key}},
		{Statement: "remove two", Args: []any{"old-1 old-2"}, Uses: []string{key}},
		{Statement: "expired", Uses: []string{expiry}},
		{Statement: "remove expired", Args: []any{"old-1 old-2"}, Uses: []string{key}},
		{Statement: "unset user", Args: []any{"old-1"}, Uses: []string{userKey}},
		{Statement: "user page", Args: []any{"user-123", ""}, Uses: []string{userIndex}},
		{Statement: "infos", Args: []any{"old-1 old-2"}, Uses: []string{key}},
		{Statement: "ended users", Uses: []string{userExpiry, key}},
		{Statement: "keep users", Args: []any{"old-1 old-2"}, Uses: []string{userKey, key}},
		{Statement: "drop users", Args: []any{"old-1 old-2"}, Uses: []string{userKey}},
	})
}

// A page of a table made by hand, whose IDs have the database's collation, is no sort of all that follow.
func TestScanOfHandMadeTableUsesTheKey(t *testing.T) {
	t.Parallel()
	db := sqlEngine.Fresh(t)()
	sqltest.Exec(t, db, documented.Create...)
	sqltest.Exec(t, db, `ALTER TABLE vango_sessions ALTER COLUMN id TYPE VARCHAR(64) COLLATE "en-x-icu"`)
	sqltest.Expired(t, db, "vango_sessions", 10_000)
	sqltest.Exec(t, db, sqlEngine.Analyse[0])
	plan := sqltest.Lines(t, db, "EXPLAIN "+sqltest.Texts(t, "postgres")["scan"], pgx.QueryExecModeSimpleProtocol, "old-1", 100)
	if strings.Contains(plan, "Sort") || !strings.Contains(plan, "vango_sessions_pkey") {
		t.Error(plan)
	}
}
