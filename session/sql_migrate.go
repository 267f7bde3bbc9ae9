package session

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

const (
	// migrateTimeout is the deadline of a Migrate whose context has none: to copy a large table takes its time.
	migrateTimeout = time.Hour

	// migrateLockSeconds is how long a migration waits for a table that others use. All who come later to use it wait
	// behind the migration.
	migrateLockSeconds = 10

	// migrateKillTimeout is how long a migration whose context has ended tries to have the server give up too.
	migrateKillTimeout = 2 * time.Second
)

// Migrate brings the tables to what CreateTable makes: from a table that was made by hand from the documented schema,
// from any that an earlier version made, or from none. Sessions, their expiries and created_at stay as they are. It
// changes only what differs, so that a repeat changes nothing, and many processes may call it at once. It needs the
// rights to change and create tables.
//
// Stores may go on using the table meanwhile, but their calls wait while it is being changed: not at all if only the
// table of users is missing, as long as it takes to copy the table on MySQL, or to rebuild its indexes on PostgreSQL. It
// does not wait longer than ten seconds for others to leave the table alone, and that is an error then. A context
// without a deadline gets one of an hour. When it ends while MySQL is at work, Migrate gives its connection up and has the
// server stop through another of db's, for which it takes two seconds more at most.
//
// After an error PostgreSQL and SQLite have everything as it was. MySQL may have made the table of users; what
// happens to the table of sessions happens at once or not at all. It is an error, and nothing is changed, when rows of a
// MySQL table have IDs that are not ASCII: no session can have them, but to delete them is for their owner. So it is when
// something else has the name of the table of users.
//
// Where a MySQL table has TIMESTAMP columns, and a PostgreSQL one columns without a time zone, their values are taken for
// what a SQLStore wrote with the time zone that the connections of db have. If it was another, expiries shift by the
// difference. On SQLite, times of expiry written by hand or by other programs are rewritten in the store's own form if
// they are text that SQLite or a driver for Go writes; those that are not remain.
func (s *SQLStore) Migrate(ctx context.Context) error {
	ctx, done, err := s.beginWithin(ctx, migrateTimeout)
	if err != nil {
		return err
	}
	defer done()
	return s.failed("migrate", s.dialect.migrate(ctx, s.db))
}

// sqlHandle is a connection or a transaction.
type sqlHandle interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func execAll(ctx context.Context, on sqlHandle, statements ...statement) error {
	for _, st := range statements {
		if _, err := on.ExecContext(ctx, st.text, st.args...); err != nil {
			return err
		}
	}
	return nil
}

// hasUsers reports whether there is a table of users. It is an error if something else has its name.
func hasUsers(ctx context.Context, on sqlHandle, d sqlTables, users tableName) (bool, error) {
	exists, err := found(ctx, on, d.exists(users))
	if err != nil || !exists {
		return false, err
	}
	_, err = found(ctx, on, d.probeUsers())
	return true, usersMisnamed(users, err)
}

// found reports whether a query has a row.
func found(ctx context.Context, on sqlHandle, query statement) (bool, error) {
	rows, err := on.QueryContext(ctx, query.text, query.args...)
	if err != nil {
		return false, err
	}
	found := rows.Next()
	return found, errors.Join(rows.Err(), rows.Close())
}

// queryTexts returns the rows of a query whose columns are all text. NULL is empty.
func queryTexts(ctx context.Context, on sqlHandle, query statement, columns int) ([][]string, error) {
	rows, err := on.QueryContext(ctx, query.text, query.args...)
	if err != nil {
		return nil, err
	}
	var all [][]string
	for err == nil && rows.Next() {
		texts, into := make([]sql.NullString, columns), make([]any, columns)
		for i := range texts {
			into[i] = &texts[i]
		}
		err = rows.Scan(into...)
		row := make([]string, columns)
		for i, text := range texts {
			row[i] = text.String
		}
		all = append(all, row)
	}
	return all, errors.Join(err, rows.Err(), rows.Close())
}

// lockTimedOut words the error of a migration that others did not let through.
func lockTimedOut(err error) error {
	return fmt.Errorf("others used the table for longer than %d seconds: %w", migrateLockSeconds, err)
}
