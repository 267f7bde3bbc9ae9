package session

import (
	"fmt"
	"time"
	"unicode/utf8"
)

// statement is SQL text and the values of its placeholders.
type statement struct {
	text  string
	args  []any
	fixed bool // the text is one of a few that come again and again
}

// sqlRow is one session on its way into the table.
type sqlRow struct {
	id        string
	data      []byte
	expiresAt time.Time
	left      time.Duration // from the store's reading of the clock to expiresAt; more than zero
}

// sqlDialect builds the statements of one SQL dialect for one store. It holds names and texts only: no connection, no
// clock, no state. now is this process's clock; the dialects of servers ask their server's instead.
type sqlDialect interface {
	sqlTables
	sqlUsers
	// load selects the data of a live session.
	load(id string, now time.Time) statement
	// save inserts or updates rows, of which there are 1 to batchRows.
	save(rows []sqlRow, now time.Time) statement
	// touch moves the expiry of a live session; of the row it uses all but data.
	touch(row sqlRow, now time.Time) statement
	// touchAll moves the expiries of 1 to batchRows live sessions, as touch does.
	touchAll(rows []sqlRow, now time.Time) []statement
	// loadAll selects the IDs and data of the live among 1 to loadAllRows sessions.
	loadAll(ids []string, now time.Time) statement
	// scan selects the IDs, sizes and microseconds left of the first rows after an ID, live or not.
	scan(after string, limit int, now time.Time) statement
	// remove deletes 1 to batchRows sessions.
	remove(ids []string) statement
	// expired selects the IDs of at most sweepRows expired sessions.
	expired(now time.Time) statement
	// removeExpired deletes those of 1 to batchRows sessions that have expired.
	removeExpired(ids []string, now time.Time) statement
	// batchRows is how many rows a statement may carry.
	batchRows() int
	// batchBytes is how much data a statement that saves several rows may carry.
	batchBytes() int
}

// sweepRows is few enough that other callers are not held up for long.
const sweepRows = 500

func newSQLDialect(dialect SQLDialect, table string) (tableName, sqlDialect, error) {
	name, err := parseTableName(table)
	if err != nil {
		return name, nil, err
	}
	switch dialect {
	case DialectPostgreSQL:
		return name, newPostgresDialect(name), name.tooLong(maxPostgresName, func(s string) int { return len(s) })
	case DialectMySQL:
		return name, newMySQLDialect(name), name.tooLong(maxMySQLName, utf8.RuneCountInString)
	case DialectSQLite:
		return name, newSQLiteDialect(name), nil
	}
	return name, nil, fmt.Errorf("session: sql store: unknown dialect %d", dialect)
}

// newSQLRow returns the row of a session, and false when it has already expired.
func newSQLRow(id string, s SessionData, now time.Time) (sqlRow, bool) {
	row := sqlRow{id: id, data: s.Data, expiresAt: s.ExpiresAt, left: s.ExpiresAt.Sub(now)}
	if row.data == nil {
		row.data = []byte{} // nil would be NULL
	}
	return row, row.left > 0
}

// milliseconds rounds up: a session is not missing before its time.
func (r sqlRow) milliseconds() int64 {
	ms := r.left.Milliseconds()
	if r.left%time.Millisecond > 0 {
		ms++
	}
	return ms
}
