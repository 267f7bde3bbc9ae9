package mysql

import (
	"testing"

	"github.com/limpet-go/limpet/drivers/internal/sqltest"
)

func TestSweep(t *testing.T) {
	t.Parallel()
	sqltest.Sweep(t, sqlEngine)
}
