package mysql

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
	// A statement of the test's own database that takes so long waits. (What InnoDB says of waits is not news to who asks often.)
	sqltest.RevokeWaits(t, sqlEngine, `SELECT CONNECTION_ID()`,
		`SELECT count(*) FROM information_schema.processlist WHERE db = DATABASE() AND command IN ('Query', 'Execute') AND time_ms > 200 AND id NOT IN (?, CONNECTION_ID())`)
}
