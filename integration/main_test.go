package integration

import (
	"os"
	"testing"

	"github.com/limpet-go/limpet/internal/leak"
)

func TestMain(m *testing.M) {
	if addr := os.Getenv(fragileAddr); addr != "" {
		os.Exit(runFragile(addr, os.Getenv(fragileStore)))
	}
	os.Exit(leak.Main(m))
}
