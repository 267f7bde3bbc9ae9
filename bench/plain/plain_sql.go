package plain

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/limpet-go/limpet/session"
)

// SQL is a session.SessionStore in a table of a database: one statement a call, and SaveAll row by row in one
// transaction. Expiry is by this process's clock.
type SQL struct {
	db   *sql.DB
	text sqlText
}

// sqlText is what differs between engines.
type sqlText struct{ create, index, save, load, touch, remove string }

const upsert = ` ON CONFLICT (id) DO UPDATE SET data = excluded.data, expires_at = excluded.expires_at, updated_at = excluded.updated_at`

var sqlTexts = map[session.SQLDialect]sqlText{
	session.DialectPostgreSQL: {
		create: `CREATE TABLE IF NOT EXISTS plain_sessions (id VARCHAR(64) PRIMARY KEY, data BYTEA NOT NULL,
			expires_at TIMESTAMP WITH TIME ZONE NOT NULL, created_at TIMESTAMP WITH TIME ZONE DEFAULT NOW(),
			updated_at TIMESTAMP WITH TIME ZONE DEFAULT NOW())`,
		index:  `CREATE INDEX IF NOT EXISTS idx_plain_sessions_expires ON plain_sessions (expires_at)`,
		save:   `INSERT INTO plain_sessions (id, data, expires_at) VALUES ($1, $2, $3)` + upsert,
		load:   `SELECT data FROM plain_sessions WHERE id = $1 AND expires_at > $2`,
		touch:  `UPDATE plain_sessions SET expires_at = $1 WHERE id = $2 AND expires_at > $3`,
		remove: `DELETE FROM plain_sessions WHERE id = $1`,
	},
	session.DialectMySQL: {
		create: `CREATE TABLE IF NOT EXISTS plain_sessions (id VARCHAR(64) PRIMARY KEY, data LONGBLOB NOT NULL,
			expires_at DATETIME(6) NOT NULL, created_at DATETIME(6) DEFAULT NOW(6), updated_at DATETIME(6) DEFAULT NOW(6),
			INDEX idx_plain_sessions_expires (expires_at))`,
		save: `INSERT INTO plain_sessions (id, data, expires_at) VALUES (?, ?, ?)
			ON DUPLICATE KEY UPDATE data = VALUES(data), expires_at = VALUES(expires_at), updated_at = NOW(6)`,
		load:   `SELECT data FROM plain_sessions WHERE id = ? AND expires_at > ?`,
		touch:  `UPDATE plain_sessions SET expires_at = ? WHERE id = ? AND expires_at > ?`,
		remove: `DELETE FROM plain_sessions WHERE id = ?`,
	},
	session.DialectSQLite: {
		create: `CREATE TABLE IF NOT EXISTS plain_sessions (id TEXT PRIMARY KEY, data BLOB NOT NULL,
			expires_at TIMESTAMP NOT NULL, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP)`,
		index:  `CREATE INDEX IF NOT EXISTS idx_plain_sessions_expires ON plain_sessions (expires_at)`,
		save:   `INSERT INTO plain_sessions (id, data, expires_at) VALUES (?, ?, ?)` + upsert,
		load:   `SELECT data FROM plain_sessions WHERE id = ? AND expires_at > ?`,
		touch:  `UPDATE plain_sessions SET expires_at = ? WHERE id = ? AND expires_at > ?`,
		remove: `DELETE FROM plain_sessions WHERE id = ?`,
	},
}

// NewSQL returns a store on db, which it owns, and makes its table, plain_sessions.
func NewSQL(db *sql.DB, dialect session.SQLDialect) (*SQL, error) {
	s := &SQL{db, sqlTexts[dialect]}
	for _, text := range []string{s.text.create, s.text.index} {
		if text == "" {
			continue
		}
		if _, err := db.Exec(text); err != nil {
			return nil, fmt.Errorf("plain: create table: %w", err)
		}
	}
	return s, nil
}

// Save inserts or updates a row.
func (s *SQL) Save(ctx context.Context, id string, data []byte, expiresAt time.Time) error {
	_, err := s.db.ExecContext(ctx, s.text.save, id, data, expiresAt.UTC())
	return err
}

// Load selects a row; it returns nil when there is none that is live.
func (s *SQL) Load(ctx context.Context, id string) ([]byte, error) {
	var data []byte
	err := s.db.QueryRowContext(ctx, s.text.load, id, time.Now().UTC()).Scan(&data)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return data, err
}

// Touch updates the expiry of a live session.
func (s *SQL) Touch(ctx context.Context, id string, expiresAt time.Time) error {
	_, err := s.db.ExecContext(ctx, s.text.touch, expiresAt.UTC(), id, time.Now().UTC())
	return err
}

// Delete deletes a row.
func (s *SQL) Delete(ctx context.Context, id string) error {
	_, err := s.db.ExecContext(ctx, s.text.remove, id)
	return err
}

// SaveAll is a loop in a transaction.
func (s *SQL) SaveAll(ctx context.Context, sessions map[string]session.SessionData) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	for id, d := range sessions {
		if _, err := tx.ExecContext(ctx, s.text.save, id, d.Data, d.ExpiresAt.UTC()); err != nil {
			return errors.Join(err, tx.Rollback())
		}
	}
	return tx.Commit()
}

// Close closes the database.
func (s *SQL) Close() error { return s.db.Close() }
