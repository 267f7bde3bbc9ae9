package session

import (
	"fmt"
	"time"
	"unicode/utf8"
)

// statement is SQL text and the values of its placeholders.
type statement struct {
	text string
	args []any
}

// sqlRow is one session on its way into the table.
type sqlRow struct {
	id        string
	data      []byte
	expiresAt time.Time
	left      time.Duration // from the store's reading of the clock to expiresAt; more than zero
}

// sqlDialect builds the statements of one SQL dialect for one table. It holds texts only: no connection, no clock,
// no state. now is this process's clock; the dialects of servers ask their server's instead.
type sqlDialect interface {
	// createTable returns what creates the table and its index, for one transaction.
	createTable() []statement
	// load selects the data of a live session.
	load(id string, now time.Time) statement
	// save inserts or updates rows, of which there are 1 to batchRows.
	save(rows []sqlRow, now time.Time) statement
	// touch moves the expiry of a live session; of the row it uses all but data.
	touch(row sqlRow, now time.Time) statement
	// remove deletes 1 to batchRows sessions.
	remove(ids []string) statement
	// sweep deletes at most sweepRows expired sessions.
	sweep(now time.Time) statement
	// batchRows is how many rows a statement may carry.
	batchRows() int
}

// sweepRows is few enough that other callers are not held up for long.
const sweepRows = 500

func newSQLDialect(dialect SQLDialect, table string) (sqlDialect, error) {
	name, err := parseTableName(table)
	if err != nil {
		return nil, err
	}
	switch dialect {
	case DialectPostgreSQL:
		return newPostgresDialect(name), name.tooLong(maxPostgresName, func(s string) int { return len(s) })
	case DialectMySQL:
		return newMySQLDialect(name), name.tooLong(maxMySQLName, utf8.RuneCountInString)
	case DialectSQLite:
		return newSQLiteDialect(name), nil
	}
	return nil, fmt.Errorf("session: sql store: unknown dialect %d", dialect)
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
