package sqlite

import (
	"testing"

	"github.com/limpet-go/limpet/drivers/internal/sqltest"
)

func TestUserIndex(t *testing.T) {
	t.Parallel()
	sqltest.Users(t, sqlEngine)
}
