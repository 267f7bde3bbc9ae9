package sqlite

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/limpet-go/limpet/session"
)

func openStoreURL(t *testing.T, raw string) session.SessionStore {
	t.Helper()
	store, err := session.ParseStoreURL(raw)
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

func TestURLNamesTheFile(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for raw, file := range map[string]string{
		"sqlite://" + dir + "/a.db":                               "a.db",
		"sqlite:" + dir + "/b.db":                                 "b.db",
		"sqlite:c.db":                                             "c.db",
		"sqlite:./d.db?synchronous=normal":                        "d.db",
		"sqlite:with%20space%3F.db":                               "with space?.db",
		"SQLite:e.db?table=my-sessions&synchronous=full":          "e.db",
		"sqlite://" + dir + "/%23.db?synchronous=full":            "#.db",
		"sqlite://" + dir + "/../" + filepath.Base(dir) + "/f.db": "f.db",
	} {
		save(t, openStoreURL(t, raw), "s1", raw)
		table := "vango_sessions"
		if strings.Contains(raw, "table=") {
			table = "my-sessions"
		}
		wantLoad(t, openStore(t, filepath.Join(dir, file), WithStore(session.WithSQLTableName(table))), "s1", raw)
	}
}

func TestURLRefuses(t *testing.T) {
	t.Chdir(t.TempDir())
	const password = "hunter2"
	for raw, want := range map[string]string{
		"sqlite:":                                  "no file name",
		"sqlite://":                                "no file name",
		"sqlite::memory:":                          "memory",
		"sqlite://a.db":                            "sqlite:///",
		"sqlite://bob:" + password + "@/a.db":      "no user",
		"sqlite:a.db#b":                            "%23",
		"sqlite:a%zz.db":                           "percent-encoded",
		"sqlite:a.db?sync=normal":                  "unknown query parameter sync",
		"sqlite:a.db?synchronous=off":              "neither full nor normal",
		"sqlite:a.db?synchronous=full&synchronous": "2 times",
		"sqlite:a.db?password=" + password:         "unknown query parameter password",
		"sqlite:a.db?table=a.b.c":                  "more than two parts",
		"sqlite:missing/a.db":                      "no such file or directory",
	} {
		store, err := session.ParseStoreURL(raw)
		if err == nil || store != nil {
			t.Errorf("%s: no error", raw)
			continue
		}
		if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), password) {
			t.Errorf("%s: error %q, want %q in it and no password", raw, err, want)
		}
	}
}
