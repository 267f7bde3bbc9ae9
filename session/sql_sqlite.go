package session

import (
	"time"
)

// sqliteDialect builds statements for SQLite. Expiry is decided by this process's clock.
//
// Times are text in UTC, as strftime('%Y-%m-%d %H:%M:%f') writes them: fixed in width, so that comparing text
// compares times. That works in a column of any declared type, agrees with the text that CURRENT_TIMESTAMP puts in
// a hand-made table's defaults, and leaves a query such as "expires_at < datetime('now')" right; integers would
// sort before any text, and such a query would then match every live session. The driver never sees a time.Time,
// which each SQLite driver writes in a format of its own.
type sqliteDialect struct {
	name         tableName
	table, users string

	loadText, saveText, touchText string
}

const (
	sqliteTime   = "2006-01-02 15:04:05.000"
	sqliteRow    = `(?, ?, ?, ?, ?)`
	sqliteUpdate = ` ON CONFLICT (id) DO UPDATE SET data = excluded.data, expires_at = excluded.expires_at, updated_at = excluded.updated_at`
)

// sqliteLatest is the last instant that the text can hold.
var sqliteLatest = time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC)

func newSQLiteDialect(name tableName) sqlDialect {
	table := name.quoted(`"`)
	return &sqliteDialect{
		name:      name,
		table:     table,
		users:     name.users().quoted(`"`),
		loadText:  `SELECT data FROM ` + table + ` WHERE id = ? AND expires_at > ?`,
		saveText:  `INSERT INTO ` + table + ` (id, data, expires_at, created_at, updated_at) VALUES `,
		touchText: `UPDATE ` + table + ` SET expires_at = ?, updated_at = ? WHERE id = ? AND expires_at > ?`,
	}
}

func (d *sqliteDialect) load(id string, now time.Time) statement {
	return statement{text: d.loadText, args: []any{id, sqliteText(now)}}
}

func (d *sqliteDialect) save(rows []sqlRow, now time.Time) statement {
	args := make([]any, 0, 5*len(rows))
	written := sqliteText(now)
	for _, row := range rows {
		args = append(args, row.id, row.data, sqliteText(row.expiresAt), written, written)
	}
	return statement{text: d.saveText + repeated(sqliteRow, len(rows)) + sqliteUpdate, args: args}
}

func (d *sqliteDialect) touch(row sqlRow, now time.Time) statement {
	at := sqliteText(now)
	return statement{text: d.touchText, args: []any{sqliteText(row.expiresAt), at, row.id, at}}
}

func (d *sqliteDialect) batchRows() int { return 500 }

func (d *sqliteDialect) batchBytes() int { return maxBatchBytes }

// sqliteText drops what is finer than a millisecond: a session is missing from the instant it expires.
func sqliteText(t time.Time) string {
	if t.After(sqliteLatest) {
		t = sqliteLatest
	}
	return t.UTC().Format(sqliteTime)
}
