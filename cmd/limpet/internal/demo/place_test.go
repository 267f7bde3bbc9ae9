package demo

import (
	"bytes"
	"context"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

func TestDefaultPlace(t *testing.T) {
	state := t.TempDir()
	t.Setenv("XDG_STATE_HOME", state)
	p, err := locate("")
	if err != nil {
		t.Fatal(err)
	}
	db := filepath.Join(state, "limpet", "demo.db")
	if p.store != "sqlite://"+db || p.shown != p.store || p.keyPath != db+".key" || p.memory {
		t.Errorf("the default place is %+v", p)
	}
	if err := p.check(t.Context()); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Dir(db))
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the state folder has mode %v, error %v", info.Mode().Perm(), err)
	}
}

func TestDefaultPlaceWithoutXDG(t *testing.T) {
	for _, xdg := range []string{"", "relative"} {
		home := t.TempDir()
		t.Setenv("HOME", home)
		t.Setenv("XDG_STATE_HOME", xdg)
		p, err := locate("")
		if err != nil || p.keyPath != filepath.Join(home, ".local", "state", "limpet", "demo.db.key") {
			t.Errorf("XDG_STATE_HOME=%q: %+v, error %v", xdg, p, err)
		}
	}
}

func TestPlacesByURL(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", "/state-that-may-not-be-made")
	for url, want := range map[string]place{
		"memory:":                               {shown: "memory:", memory: true},
		"sqlite:///a/b.db":                      {shown: "sqlite:///a/b.db", keyPath: "/a/b.db.key"},
		"sqlite:///a/with%20space.db":           {shown: "sqlite:///a/with%20space.db", keyPath: "/a/with space.db.key"},
		"sqlite:b.db":                           {shown: "sqlite:b.db", keyPath: "b.db.key"},
		"sqlite:///a/b.db?synchronous=normal":   {shown: "sqlite:///a/b.db", keyPath: "/a/b.db.key"},
		"SQLite:///a/b.db":                      {shown: "sqlite:///a/b.db", keyPath: "/a/b.db.key"},
		"sqlite:sub%20folder/%E2%82%AC/demo.db": {shown: "sqlite:sub%20folder/%E2%82%AC/demo.db", keyPath: "sub folder/€/demo.db.key"},
	} {
		p, err := locate(url)
		if err != nil || p.shown != want.shown || p.keyPath != want.keyPath || p.memory != want.memory {
			t.Errorf("%s: %+v, error %v; want %+v", url, p, err, want)
		}
	}
	for _, url := range []string{"demo.db", "/a/demo.db", "sqlite:", "sqlite://host/a.db", "sqlite::memory:", "sq lite:x", ":"} {
		if p, err := locate(url); err == nil || !strings.Contains(err.Error(), "--store") {
			t.Errorf("%s: %+v, error %v; want an error that names --store", url, p, err)
		}
	}
}

func TestPlacesOnServers(t *testing.T) {
	state := t.TempDir()
	t.Setenv("XDG_STATE_HOME", state)
	for url, shown := range map[string]string{
		"postgres://me:hunter2@one:5432,two:5432/shop?sslmode=verify-full": "postgres://one:5432,two:5432/shop",
		"mysql://me:hunter2@/shop?socket=/run/mysqld/mysqld.sock":          "mysql:///shop",
		"redis+cluster://me:hunter2@one:1,two:2?prefix=shop":               "redis+cluster://one:1,two:2",
	} {
		p, err := locate(url)
		if err != nil || p.shown != shown || p.store != url || p.keyPath != filepath.Join(state, "limpet", "demo.key") || p.memory {
			t.Errorf("%s: shown %s, key %s, error %v", url, p.shown, p.keyPath, err)
		}
	}
}

func TestPlaceOnAServerShowsNoPassword(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	p, err := locate("postgres://me:hunter2@db.example/shop?password=hunter3")
	if err != nil {
		t.Fatal(err)
	}
	if p.shown != "postgres://db.example/shop" || filepath.Base(p.keyPath) != "demo.key" {
		t.Errorf("shown %s, key %s", p.shown, p.keyPath)
	}
	err = p.check(t.Context())
	if err == nil || strings.Contains(err.Error(), "hunter") {
		t.Errorf("error %v; want one without a password", err)
	}
	if _, err := locate("postgres://me:hunter2@db.example:port/"); err == nil || strings.Contains(err.Error(), "hunter") {
		t.Errorf("error %v; want one without a password", err)
	}
}

func TestKeyIsKeptBesideTheDatabaseOnly(t *testing.T) {
	file := filepath.Join(t.TempDir(), "demo.db")
	keys := map[string][]byte{}
	for _, url := range []string{"sqlite://" + file, "memory:"} {
		for range 2 {
			p, err := locate(url)
			if err != nil {
				t.Fatal(err)
			}
			if err := p.loadKey(); err != nil {
				t.Fatal(err)
			}
			if old, ok := keys[url]; ok && bytes.Equal(old, p.key) == p.memory {
				t.Errorf("%s: the same key again: %v", url, bytes.Equal(old, p.key))
			}
			keys[url] = p.key
		}
	}
}

func TestStoreThatCannotBeUsed(t *testing.T) {
	for _, url := range []string{
		"sqlite://" + t.TempDir(),                              // a folder
		"sqlite:///no/such/folder/demo.db",                     // nowhere
		"sqlite://" + t.TempDir() + "/demo.db?colour=blue",     // unknown parameter
		"redis-like://" + filepath.Base(t.TempDir()) + "/shop", // unknown scheme
	} {
		p := place{store: url, shown: "shown"}
		if err := p.check(t.Context()); err == nil {
			t.Errorf("%s: no error", url)
		}
	}
}

// readOnly is a server that a user may only read from.
type readOnly struct{ session.SessionStore }

func (readOnly) Save(context.Context, string, []byte, time.Time) error {
	return errors.New("permission denied")
}

func TestStoreThatMayOnlyBeRead(t *testing.T) {
	err := session.RegisterStoreScheme("test-read-only", func(*url.URL) (session.SessionStore, error) {
		return readOnly{session.NewMemoryStore()}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	err = place{store: "test-read-only:", shown: "shown"}.check(t.Context())
	if err == nil || !strings.Contains(err.Error(), "permission denied") {
		t.Errorf("error %v; want one that says why", err)
	}
}
