package storm_test

import (
	"flag"
	"fmt"
	_ "github.com/limpet-go/limpet/drivers/postgres" // the schemes of the stores
	_ "github.com/limpet-go/limpet/drivers/redis"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/limpet-go/limpet/internal/testserver"
)

var (
	sessions   = flag.Int("storm.sessions", 20_000, "how many sessions a node holds")
	strangers  = flag.Int("storm.flood", 100_000, "how many IDs that nobody has are asked for")
	tabs       = flag.Int("storm.tabs", 1500, "how many tabs of the live page are open")
	reportFile = flag.String("storm.report", "", "a file for the figures, as a table in Markdown")
)

// nodeDir holds the node's program.
var nodeDir string

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "limpet-storm-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	nodeDir = dir
	return testserver.Main(m)
}

// buildNode compiles the node once, without the race detector: it would not let 20,000 sessions resume at once.
var buildNode = sync.OnceValues(func() (string, error) {
	path := filepath.Join(nodeDir, "node")
	out, err := exec.Command("go", "build", "-o", path, "./node").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})
