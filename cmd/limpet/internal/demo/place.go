package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/limpet-go/limpet/cmd/limpet/internal/keyfile"
	"github.com/limpet-go/limpet/session"
)

// place is where the demo keeps its sessions, and the key they are signed with.
type place struct {
	store   string // its URL; may hold a password
	shown   string // what people may see of it
	memory  bool   // sessions live in the nodes alone
	keyPath string // empty: the key is kept nowhere
	key     []byte // empty until loadKey
}

// prepare finds the store that a URL names, checks that it can be used, and loads its key.
func prepare(ctx context.Context, storeURL string) (place, error) {
	p, err := locate(storeURL)
	if err != nil {
		return place{}, err
	}
	if err := p.check(ctx); err != nil {
		return place{}, err
	}
	return p, p.loadKey()
}

// locate finds the store that a URL names, or the default one, and where its key belongs.
func locate(storeURL string) (place, error) {
	if storeURL == "" {
		dir, err := stateDir()
		if err != nil {
			return place{}, err
		}
		storeURL = (&url.URL{Scheme: "sqlite", Path: filepath.ToSlash(filepath.Join(dir, "demo.db"))}).String()
	}
	u, err := url.Parse(storeURL)
	if err != nil || u.Scheme == "" {
		return place{}, errors.New("--store: want a URL: memory:, a file, such as sqlite:///path/to/demo.db, or a server, such as" +
			" postgres://user:password@host/database (special characters percent-encoded)")
	}
	p := place{store: storeURL, shown: shown(u), memory: u.Scheme == "memory"}
	if p.keyPath, err = keyPath(u); err != nil {
		return place{}, err
	}
	return p, nil
}

// loadKey reads the key, or creates it.
func (p *place) loadKey() (err error) {
	if p.keyPath == "" {
		p.key = keyfile.New()
		return nil
	}
	p.key, err = keyfile.Load(p.keyPath)
	return err
}

// keyPath is beside the database if that is a file, in the state directory if it is a server, and nowhere for
// memory, which a key has no need to outlive.
func keyPath(u *url.URL) (string, error) {
	switch u.Scheme {
	case "memory":
		return "", nil
	case "sqlite":
		file, err := databaseFile(u)
		return file + ".key", err
	}
	dir, err := stateDir()
	return filepath.Join(dir, "demo.key"), err
}

// databaseFile is the file a sqlite URL names: sqlite:///abs/path or sqlite:relative/path.
func databaseFile(u *url.URL) (string, error) {
	file := u.Path
	if u.Opaque != "" {
		var err error
		if file, err = url.PathUnescape(u.Opaque); err != nil {
			return "", errors.New("--store: malformed sqlite URL")
		}
	}
	if file == "" || u.Host != "" || strings.HasPrefix(file, ":") {
		return "", errors.New("--store: want a database file, such as sqlite:///path/to/demo.db; memory: keeps nothing")
	}
	return filepath.FromSlash(file), nil
}

// stateDir is a folder of the demo's own in the user's state directory. It is created if it is missing.
func stateDir() (string, error) {
	base := os.Getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(base) { // the specification says to ignore relative ones
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("no place to keep the sessions: %w; name one with --store", err)
		}
		base = filepath.Join(home, ".local", "state")
	}
	dir := filepath.Join(base, "limpet")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("no place to keep the sessions: %w; name one with --store", err)
	}
	return dir, nil
}

// shown is a store's URL without what may be secret: the user and the parameters.
func shown(u *url.URL) string {
	clean := url.URL{Scheme: u.Scheme, Opaque: u.Opaque, Host: u.Host, Path: u.Path}
	return clean.String()
}

// check opens the store once and keeps a session in it for a moment, so that what is wrong with it is said plainly and
// before any node starts.
func (p place) check(ctx context.Context) error {
	store, err := session.ParseStoreURL(p.store)
	if err != nil {
		return fmt.Errorf("--store: %w", err)
	}
	defer store.Close()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := try(ctx, store); err != nil {
		return fmt.Errorf("the store %s cannot be used: %w", p.shown, err)
	}
	return nil
}

// try writes, reads and deletes a session.
func try(ctx context.Context, store session.SessionStore) error {
	id := "limpet-demo-" + rand.Text()
	if err := store.Save(ctx, id, []byte(id), time.Now().Add(time.Minute)); err != nil {
		return err
	}
	data, err := store.Load(ctx, id)
	if err == nil && string(data) != id {
		err = errors.New("it does not return what was saved")
	}
	return errors.Join(err, store.Delete(ctx, id))
}
