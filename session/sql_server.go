package session

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"time"
)

// serverRunner runs statements on PostgreSQL and MySQL, each call on a connection of its own.
type serverRunner struct {
	db      *sql.DB
	kept    *keptStatements // nil where drivers keep statements themselves
	hangsUp bool            // what the server refuses for its size may end the connection before it can say so
}

// newServerRunner keeps statements only in a database of its own, and not those of PostgreSQL, whose drivers do it.
func newServerRunner(db *sql.DB, dialect SQLDialect, owned bool) serverRunner {
	r := serverRunner{db: db, hangsUp: dialect == DialectMySQL}
	if owned && dialect == DialectMySQL {
		r.kept = newKeptStatements(db)
	}
	return r
}

// serverAttempts is how often a transaction is tried that others keep rolling back. Where REPEATABLE READ or SERIALIZABLE
// is the server's default, one of those that write the same rows gets through at a time.
const serverAttempts = 25

// serverSteps is how many steps of a batch are under way at once: the client prepares one while the server writes
// another. More would gain little, and take connections from other calls.
const serverSteps = 2

func (r serverRunner) atOnce() int { return serverSteps }

func (r serverRunner) refused(ctx context.Context, err error) bool {
	return serverFault(err) == faultRow || r.hangsUp && hungUp(err) && r.connect(ctx) == nil
}

func (r serverRunner) connect(ctx context.Context) error {
	conn, err := r.db.Conn(ctx)
	if err != nil {
		return err
	}
	return conn.Close() // gives it back to the pool
}

// atomically needs no more than run: these engines undo a statement that fails.
func (r serverRunner) atomically(ctx context.Context, statements ...statement) error {
	_, err := r.run(ctx, statements...)
	return err
}

func (r serverRunner) run(ctx context.Context, statements ...statement) (changed int64, err error) {
	err = again(ctx, func() (bool, error) {
		changed, err = r.once(ctx, statements)
		return true, err
	})
	return changed, err
}

// again repeats what was rolled back because of other transactions, as long as try allows it.
func again(ctx context.Context, try func() (repeatable bool, err error)) error {
	for attempt := 1; ; attempt++ {
		repeatable, err := try()
		if err == nil || !repeatable || attempt == serverAttempts || serverFault(err) != faultConflict {
			return err
		}
		if !pause(ctx, attempt) {
			return errors.Join(ctx.Err(), err)
		}
	}
}

// once runs one statement by itself, several in a transaction.
func (r serverRunner) once(ctx context.Context, statements []statement) (int64, error) {
	if len(statements) == 1 {
		return r.exec(ctx, statements[0])
	}
	tx, err := r.db.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	var changed int64
	for _, st := range statements {
		if changed, err = changedRows(tx.ExecContext(ctx, st.text, st.args...)); err != nil {
			return 0, errors.Join(err, tx.Rollback())
		}
	}
	return changed, tx.Commit()
}

func (r serverRunner) exec(ctx context.Context, st statement) (int64, error) {
	if r.kept == nil || !st.fixed {
		return changedRows(r.db.ExecContext(ctx, st.text, st.args...))
	}
	prepared, err := r.kept.get(ctx, st.text)
	if err != nil {
		return 0, err
	}
	return changedRows(prepared.ExecContext(ctx, st.args...))
}

// read may meet a conflict too, where SERIALIZABLE is the server's default. It begins again if no row was seen yet.
func (r serverRunner) read(ctx context.Context, query statement, row func(*sql.Rows) error) error {
	return again(ctx, func() (bool, error) {
		fresh := true
		err := r.readOnce(ctx, query, func(rows *sql.Rows) error {
			fresh = false
			return row(rows)
		})
		return fresh, err
	})
}

func (r serverRunner) readOnce(ctx context.Context, query statement, row func(*sql.Rows) error) error {
	if r.kept == nil || !query.fixed {
		rows, err := r.db.QueryContext(ctx, query.text, query.args...)
		return readRows(rows, err, row)
	}
	prepared, err := r.kept.get(ctx, query.text)
	if err != nil {
		return err
	}
	rows, err := prepared.QueryContext(ctx, query.args...)
	return readRows(rows, err, row)
}

// readRows gives what a query returned to a function, row by row.
func readRows(rows *sql.Rows, err error, row func(*sql.Rows) error) error {
	if err != nil {
		return err
	}
	for err == nil && rows.Next() {
		err = row(rows)
	}
	return errors.Join(err, rows.Err(), rows.Close())
}

func changedRows(result sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// pause waits before another attempt, longer each time and never the same, so that those in each other's way part.
// It returns false when ctx ended.
func pause(ctx context.Context, attempt int) bool {
	longest := time.Millisecond << min(attempt, 6)
	timer := time.NewTimer(longest/2 + rand.N(longest/2))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
