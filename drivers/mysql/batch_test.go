package mysql

import (
	"testing"

	"github.com/limpet-go/limpet/drivers/internal/sqltest"
)

func TestBatches(t *testing.T) {
	t.Parallel()
	sqltest.Batch(t, sqlEngine)
}
