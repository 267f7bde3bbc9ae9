package mysql

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/limpet-go/limpet/drivers/internal/sqltest"
)

func TestStatementsUseTheIndexes(t *testing.T) {
	t.Parallel()
	const key, expiry, userIndex, userExpiry = " PRIMARY ", "idx_vango_sessions_expires", "idx_vango_sessions_users_user", "idx_vango_sessions_users_expires"
	two := []any{"old-1", "old-2"}
	sqltest.Plans(t, sqlEngine, "mysql", " ALL ", func(t *testing.T, db *sql.DB, text string, args []any) string {
		return sqltest.Lines(t, db, "EXPLAIN "+text, args...)
	}, []sqltest.Plan{
		{Statement: "load", Args: two[:1], Uses: []string{key}},
		{Statement: "touch", Args: []any{1000, "old-1"}, Uses: []string{key}},
		{Statement: "load all", Args: two, Uses: []string{key}},
		{Statement: "scan", Args: []any{"old-1", 100}, Uses: []string{key}},
		{Statement: "remove one", Args: two[:1], Uses: []string{key}},
		{Statement: "remove two", Args: two, Uses: []string{key}},
		{Statement: "expired", Uses: []string{expiry}},
		{Statement: "remove expired", Args: two, Uses: []string{key}},
		{Statement: "unset user", Args: two[:1], Uses: []string{key}},
		{Statement: "user page", Args: []any{"user-123", ""}, Uses: []string{userIndex}},
		{Statement: "infos", Args: two, Uses: []string{key}},
		{Statement: "ended users", Uses: []string{userExpiry, key}},
		{Statement: "keep users", Args: two, Uses: []string{key}},
		{Statement: "drop users", Args: two, Uses: []string{key}},
	})
}

// Where a sweep has many rows to delete of a few more, MySQL would rather read, and lock, all of them.
func TestSweepLocksNoOtherRows(t *testing.T) {
	t.Parallel()
	db := sqlEngine.Fresh(t)()
	sqlEngine.Created(t, db, "vango_sessions")
	sqltest.Expired(t, db, "vango_sessions", 100)
	sqltest.Exec(t, db, sqlEngine.Analyse...)
	var ids []any
	for i := range 60 {
		ids = append(ids, fmt.Sprint("old-", i))
	}
	texts := sqltest.Texts(t, "mysql")
	sqltest.Exec(t, db, "INSERT INTO vango_sessions_users SELECT id, id, expires_at FROM vango_sessions")
	for _, name := range []string{"remove expired", "drop users"} {
		text := strings.Replace(texts[name], "?, ?", "?"+strings.Repeat(", ?", len(ids)-1), 1)
		if plan := sqltest.Lines(t, db, "EXPLAIN "+text, ids...); !strings.Contains(plan, "range") {
			t.Errorf("%s: %s", name, plan)
		}
	}
}
