package sqlite

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

func openStore(t *testing.T, path string, opts ...Option) *session.SQLStore {
	t.Helper()
	store, err := Open(path, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

func save(t *testing.T, store session.SessionStore, id, data string) {
	t.Helper()
	if err := store.Save(t.Context(), id, []byte(data), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
}

func wantLoad(t *testing.T, store session.SessionStore, id, want string) {
	t.Helper()
	got, err := store.Load(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if got == nil || string(got) != want {
		t.Fatalf("Load: got %q (nil: %v), want %q", got, got == nil, want)
	}
}

func wantMissing(t *testing.T, store session.SessionStore, id string) {
	t.Helper()
	if got, err := store.Load(t.Context(), id); got != nil || err != nil {
		t.Fatalf("Load: got %q, %v, want no session", got, err)
	}
}

func TestReopenedFileKeepsItsSessions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a ?#%&'.db")
	first := openStore(t, path)
	save(t, first, "s1", "one")
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	wantLoad(t, openStore(t, path), "s1", "one")
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
}

func TestNewDatabaseIsPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	save(t, openStore(t, path), "s1", "one")
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != 0o600 {
			t.Errorf("%s: mode %o, want 600", filepath.Base(name), got)
		}
	}
}

func TestExistingFileKeepsItsMode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	if err := os.WriteFile(path, nil, 0o640); err != nil {
		t.Fatal(err)
	}
	openStore(t, path)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Fatalf("mode %v, %v, want 640", info.Mode(), err)
	}
}

func TestOpenRefuses(t *testing.T) {
	for name, path := range map[string]string{
		"no name":       "",
		"memory":        ":memory:",
		"NUL":           "a\x00b",
		"no directory":  filepath.Join(t.TempDir(), "missing", "a.db"),
		"not a file":    t.TempDir(),
		"not databases": notDatabase(t),
	} {
		if store, err := Open(path); err == nil || store != nil {
			t.Errorf("%s: got %v, %v, want an error and no store", name, store, err)
		}
	}
}

func notDatabase(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.txt")
	if err := os.WriteFile(path, []byte(strings.Repeat("not a database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPragmas(t *testing.T) {
	for level, want := range map[Synchronous]string{Full: "FULL", Normal: "NORMAL"} {
		dsn, err := dataSource("/a/b.db", level)
		if err != nil {
			t.Fatal(err)
		}
		if want := "file:///a/b.db?_busy_timeout=5000&_journal_mode=WAL&_synchronous=" + want; dsn != want {
			t.Errorf("data source %s, want %s", dsn, want)
		}
	}
}
