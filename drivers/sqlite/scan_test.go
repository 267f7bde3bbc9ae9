package sqlite

import (
	"testing"

	"github.com/limpet-go/limpet/drivers/internal/sqltest"
)

func TestScan(t *testing.T) {
	t.Parallel()
	sqltest.Scan(t, sqlEngine)
}
