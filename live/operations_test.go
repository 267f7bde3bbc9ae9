package live_test

import (
	"testing"

	"github.com/limpet-go/limpet/internal/opscheck"
	"github.com/limpet-go/limpet/live"
)

func TestOperationsListsEverySettingOfAHost(t *testing.T) {
	opscheck.ReadTable(t, operations, "### live.Config").Lists(t, opscheck.Fields[live.Config]())
}
