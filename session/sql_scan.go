package session

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"math"
	"strings"
	"time"
)

// Scan lists live sessions in the order the database gives their IDs, each once. A page takes bounded work: expired
// rows that were not swept yet count towards its limit, so that it may be short, or empty, before the end. See
// Scanner for the contract.
func (s *SQLStore) Scan(ctx context.Context, cursor string, limit int) ([]SessionInfo, string, error) {
	ctx, done, err := s.begin(ctx)
	if err != nil {
		return nil, "", err
	}
	defer done()
	after, err := openSQLCursor(cursor)
	if err != nil {
		return nil, "", err
	}
	page := sqlPage{limit: scanLimit(limit), now: time.Now().Truncate(time.Millisecond)}
	if err := s.runner.read(ctx, s.dialect.scan(after, page.limit, page.now), page.take); err != nil {
		return nil, "", s.failed("scan", err)
	}
	next := page.next()
	if next != "" && next == cursor {
		return nil, "", errors.New("session: scan: the table has an ID that reads like the one before it, which no session has")
	}
	return page.live, next, nil
}

// sqlPage is a page while it is read.
type sqlPage struct {
	limit int
	now   time.Time // when the database was asked
	live  []SessionInfo
	rows  int
	last  string // the ID of the last row
}

// take reads a row: an ID, a size and the microseconds that are left.
func (p *sqlPage) take(rows *sql.Rows) error {
	var size, left int64
	if err := rows.Scan(&p.last, &size, &left); err != nil {
		return err
	}
	p.rows++
	if left <= 0 || !validID(p.last) {
		return nil
	}
	at := p.now.Add(time.Duration(min(left, math.MaxInt64/1000)) * time.Microsecond)
	p.live = append(p.live, SessionInfo{ID: p.last, Size: int(size), ExpiresAt: at.Round(time.Millisecond)})
	return nil
}

func (p *sqlPage) next() string {
	if p.rows < p.limit {
		return ""
	}
	return sqlCursor + base64.RawURLEncoding.EncodeToString([]byte(p.last))
}

// sqlCursor begins every cursor; after it comes the last ID of the page before, whatever bytes it has.
const sqlCursor = "sql1:"

// openSQLCursor returns the ID after which a page begins.
func openSQLCursor(cursor string) (string, error) {
	if cursor == "" {
		return "", nil
	}
	text, ok := strings.CutPrefix(cursor, sqlCursor)
	id, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if !ok || err != nil || len(id) == 0 {
		return "", errors.New("session: scan: malformed cursor")
	}
	return string(id), nil
}

func (d *postgresDialect) scan(after string, limit int, _ time.Time) statement {
	return statement{text: d.infosText() + ` WHERE id > $1 ORDER BY id LIMIT $2`, args: []any{after, limit}}
}

func (d *postgresDialect) infos(ids []string, _ time.Time) statement {
	return statement{text: d.infosText() + ` WHERE id = ANY(string_to_array($1::text, ' '))`, args: []any{spaced(ids)}}
}

// infosText limits how far away an expiry can be: infinity, of either sign, is one that somebody may have written by hand.
func (d *postgresDialect) infosText() string {
	return `SELECT ` + postgresID + `, octet_length(data), (EXTRACT(EPOCH FROM` +
		` GREATEST(LEAST(expires_at, statement_timestamp() + interval '292 years'), statement_timestamp() - interval '1 day')` +
		` - statement_timestamp()) * 1000000)::bigint FROM ` + d.table
}

func (d *mysqlDialect) scan(after string, limit int, _ time.Time) statement {
	return statement{text: d.infosText() + ` WHERE id > ? ORDER BY id LIMIT ?`, args: []any{after, limit}, fixed: true}
}

func (d *mysqlDialect) infos(ids []string, _ time.Time) statement {
	return statement{text: d.infosText() + ` WHERE id IN (` + repeated("?", len(ids)) + `)`, args: anys(ids)}
}

func (d *mysqlDialect) infosText() string {
	return `SELECT id, OCTET_LENGTH(data), COALESCE(TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(3), expires_at), 0) FROM ` + d.table
}

// scan leaves out IDs that are no text, which follow all text: none of them is a session's, and a cursor could not name it.
func (d *sqliteDialect) scan(after string, limit int, now time.Time) statement {
	return statement{text: d.infosText() + ` WHERE typeof(id) = 'text' AND id > ? ORDER BY id LIMIT ?`, args: []any{sqliteText(now), after, limit}}
}

func (d *sqliteDialect) infos(ids []string, now time.Time) statement {
	return statement{
		text: d.infosText() + ` WHERE id IN (` + repeated("?", len(ids)) + `)`,
		args: append([]any{sqliteText(now)}, anys(ids)...),
	}
}

// infosText takes a time that is none, which somebody may have written by hand, to be past.
func (d *sqliteDialect) infosText() string {
	return `SELECT id, LENGTH(data), COALESCE(CAST(ROUND((julianday(expires_at) - julianday(?)) * 86400000) AS INTEGER) * 1000, 0) FROM ` + d.table
}
