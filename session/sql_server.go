package session

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"time"
)

// serverRunner runs statements on PostgreSQL and MySQL, each call on a connection of its own.
type serverRunner struct{ db *sql.DB }

// serverAttempts is how often a transaction is tried that others keep rolling back.
const serverAttempts = 6

func (r serverRunner) refused(err error) bool { return serverFault(err) == faultRow }

// atomically needs no more than run: these engines undo a statement that fails.
func (r serverRunner) atomically(ctx context.Context, statements ...statement) error {
	_, err := r.run(ctx, statements...)
	return err
}

func (r serverRunner) run(ctx context.Context, statements ...statement) (int64, error) {
	for attempt := 1; ; attempt++ {
		changed, err := r.once(ctx, statements)
		if err == nil || attempt == serverAttempts || serverFault(err) != faultConflict {
			return changed, err
		}
		if !pause(ctx, attempt) {
			return 0, errors.Join(ctx.Err(), err)
		}
	}
}

// once runs one statement by itself, several in a transaction.
func (r serverRunner) once(ctx context.Context, statements []statement) (int64, error) {
	if len(statements) == 1 {
		return changedRows(r.db.ExecContext(ctx, statements[0].text, statements[0].args...))
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

func (r serverRunner) load(ctx context.Context, query statement) ([]byte, error) {
	return loadRow(ctx, r.db, query)
}

func loadRow(ctx context.Context, db *sql.DB, query statement) ([]byte, error) {
	var data []byte
	err := db.QueryRowContext(ctx, query.text, query.args...).Scan(&data)
	return data, err
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
