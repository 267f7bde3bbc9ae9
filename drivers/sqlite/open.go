package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the database/sql driver "sqlite"

	"github.com/limpet-go/limpet/session"
)

const (
	busyTimeout = 5 * time.Second
	openTimeout = 30 * time.Second
	minConns    = 4
)

// Synchronous says which crashes an acknowledged write survives.
type Synchronous int

const (
	// Full survives a power loss: every transaction waits for the disk.
	Full Synchronous = iota

	// Normal survives the death of the process. A power loss may undo the last transactions; it never damages the
	// database.
	Normal
)

// Option is an option of Open.
type Option func(*config)

type config struct {
	synchronous Synchronous
	store       []session.SQLStoreOption
}

// WithSynchronous sets which crashes an acknowledged write survives. The default is Full.
func WithSynchronous(s Synchronous) Option {
	return func(c *config) { c.synchronous = s }
}

// WithStore passes options on to session.NewSQLStore. The dialect and the owner of the database are Open's.
func WithStore(opts ...session.SQLStoreOption) Option {
	return func(c *config) { c.store = append(c.store, opts...) }
}

// Open opens the store in the file at path, which it creates if it must, and the table in it. The path is a file's name
// as it stands, not a URL. Closing the store closes the database.
func Open(path string, opts ...Option) (*session.SQLStore, error) {
	var c config
	for _, opt := range opts {
		if opt != nil {
			opt(&c)
		}
	}
	store, err := open(path, c)
	if err != nil {
		return nil, fmt.Errorf("sqlite: open store: %w", err)
	}
	return store, nil
}

func open(path string, c config) (*session.SQLStore, error) {
	dsn, err := dataSource(path, c.synchronous)
	if err != nil {
		return nil, err
	}
	if err := createFile(path); err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	conns := max(minConns, runtime.GOMAXPROCS(0))
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	store := session.NewSQLStore(db, append(c.store, session.WithSQLDialect(session.DialectSQLite), session.WithSQLOwnedDB())...)
	ctx, cancel := context.WithTimeout(context.Background(), openTimeout)
	defer cancel()
	if err := store.CreateTable(ctx); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return store, nil
}

// dataSource is a URI, in which a file's name may hold any character.
func dataSource(path string, s Synchronous) (string, error) {
	switch {
	case path == "":
		return "", errors.New("no file name")
	case strings.HasPrefix(path, ":memory:"):
		return "", errors.New(`no databases in memory (the scheme "memory" is for that)`)
	case strings.ContainsRune(path, 0):
		return "", errors.New("the file name is not one")
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	level := "FULL"
	if s == Normal {
		level = "NORMAL"
	}
	params := url.Values{
		"_busy_timeout": {fmt.Sprint(busyTimeout.Milliseconds())},
		"_journal_mode": {"WAL"},
		"_synchronous":  {level},
	}
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(abs), RawQuery: params.Encode()}).String(), nil
}

// createFile makes a new database private before SQLite writes to it.
func createFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: make its folder first", err)
	}
	if err != nil {
		return err
	}
	return f.Close()
}
