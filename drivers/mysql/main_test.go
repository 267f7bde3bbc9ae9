package mysql

import (
	"os"
	"testing"

	"github.com/limpet-go/limpet/internal/testserver"
)

func TestMain(m *testing.M) { os.Exit(testserver.Main(m)) }
