package loader

import (
	"os"
	"testing"

	"github.com/limpet-go/limpet/internal/leak"
)

func TestMain(m *testing.M) { os.Exit(leak.Main(m)) }
