package soak

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/limpet-go/limpet/internal/testserver"
)

// sqliteEngine has the store in a process of its own, since that is what dies with SQLite.
func sqliteEngine(t *testing.T) engine {
	file := filepath.Join(t.TempDir(), "sessions.db")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s := testserver.StartProgram(t, self, "-soak.file", file, "-soak.serve")
	ask := asker(t, "sqlite", file)
	return engine{
		servers: []server{s}, sweepsIndex: true,
		open: func() (target, error) { return dialRemote(s.Addr()) },
		rows: func() (int, error) { return ask(countRows) },
	}
}
