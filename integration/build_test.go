package integration

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// build compiles the program under test, with the race detector if the tests have it.
func build(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "limpet")
	args := []string{"build", "-o", path}
	if raceEnabled {
		args = append(args, "-race")
	}
	cmd := exec.Command("go", append(args, ".")...)
	cmd.Dir = filepath.Join("..", "cmd", "limpet")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}
