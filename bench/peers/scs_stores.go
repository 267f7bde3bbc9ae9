package peers

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/alexedwards/scs/goredisstore"
	"github.com/alexedwards/scs/mysqlstore"
	"github.com/alexedwards/scs/postgresstore"
	"github.com/alexedwards/scs/sqlite3store"
	"github.com/alexedwards/scs/v2"
	"github.com/redis/go-redis/v9"

	"github.com/limpet-go/limpet/session"
)

// SCSStore is a store of scs on a server or in a file. It has no Touch of its own: see there.
type SCSStore struct {
	commit func(ctx context.Context, id string, data []byte, expiresAt time.Time) error
	find   func(ctx context.Context, id string) ([]byte, bool, error)
	close  func() error
}

// scsTables are the tables as the stores' own documentation makes them.
var scsTables = map[session.SQLDialect][]string{
	session.DialectPostgreSQL: {
		`CREATE TABLE IF NOT EXISTS sessions (token TEXT PRIMARY KEY, data BYTEA NOT NULL, expiry TIMESTAMPTZ NOT NULL)`,
		`CREATE INDEX IF NOT EXISTS sessions_expiry_idx ON sessions (expiry)`,
	},
	session.DialectMySQL: {
		`CREATE TABLE IF NOT EXISTS sessions (token CHAR(43) PRIMARY KEY, data BLOB NOT NULL, expiry TIMESTAMP(6) NOT NULL,
			INDEX sessions_expiry_idx (expiry))`,
	},
	session.DialectSQLite: {
		`CREATE TABLE IF NOT EXISTS sessions (token TEXT PRIMARY KEY, data BLOB NOT NULL, expiry REAL NOT NULL)`,
		`CREATE INDEX IF NOT EXISTS sessions_expiry_idx ON sessions (expiry)`,
	},
}

// NewSCSSQL returns scs' store for a dialect on db, which it owns, and makes its table, sessions.
func NewSCSSQL(db *sql.DB, dialect session.SQLDialect) (*SCSStore, error) {
	for _, text := range scsTables[dialect] {
		if _, err := db.Exec(text); err != nil {
			return nil, fmt.Errorf("peers: create table: %w", err)
		}
	}
	var s scs.Store
	switch dialect {
	case session.DialectPostgreSQL:
		s = postgresstore.NewWithCleanupInterval(db, 0)
	case session.DialectMySQL:
		s = mysqlstore.NewWithCleanupInterval(db, 0)
	case session.DialectSQLite:
		s = sqlite3store.NewWithCleanupInterval(db, 0)
	default:
		return nil, errors.New("peers: no such dialect")
	}
	return &SCSStore{
		func(_ context.Context, id string, data []byte, at time.Time) error { return s.Commit(id, data, at) },
		func(_ context.Context, id string) ([]byte, bool, error) { return s.Find(id) },
		db.Close,
	}, nil
}

// NewSCSRedis returns scs' store for go-redis on a client, which it owns.
func NewSCSRedis(client *redis.Client) *SCSStore {
	s := goredisstore.New(client)
	return &SCSStore{s.CommitCtx, s.FindCtx, client.Close}
}

// Save commits a session.
func (s *SCSStore) Save(ctx context.Context, id string, data []byte, expiresAt time.Time) error {
	return s.commit(ctx, id, data, expiresAt)
}

// Load finds a session; it returns nil when it is missing or has expired.
func (s *SCSStore) Load(ctx context.Context, id string) ([]byte, error) {
	data, _, err := s.find(ctx, id)
	return data, err
}

// Touch finds the session and commits it anew, which is the only way scs has, and loses a write between the two.
func (s *SCSStore) Touch(ctx context.Context, id string, expiresAt time.Time) error {
	data, ok, err := s.find(ctx, id)
	if err != nil || !ok {
		return err
	}
	return s.commit(ctx, id, data, expiresAt)
}

// Close closes the database or client.
func (s *SCSStore) Close() error { return s.close() }
