package session

import (
	"context"
	"database/sql"
	"errors"
	"runtime"
	"slices"
	"sync"
	"time"
)

// sqliteWriter gives the writes of one store to SQLite one after the other, since SQLite has one writer at a time.
// Writes that came while others were being committed share the next transaction, and its one wait for the disk.
type sqliteWriter struct {
	db *sql.DB

	mu      sync.Mutex
	queue   []*sqliteWrite // in the order they came
	stopped bool
	wake    chan struct{} // holds a token when the queue may have grown
}

// sqliteWrite is one call's statements. Those of a write succeed or fail together.
type sqliteWrite struct {
	statements []statement
	done       chan struct{} // closed when changed and err are final
	alone      bool          // in a transaction of its own, which it can fail without harm to others
	size       int           // bytes of data
	deadline   time.Time     // its caller's
	changed    int64
	err        error
	abandoned  bool // its caller has gone; guarded by sqliteWriter.mu
}

// Bounds of one shared transaction: a write that comes while it runs waits for all of it.
const (
	maxGroupWrites = 512
	maxGroupBytes  = 8 << 20 // a larger single write still goes, alone
)

// newSQLiteWrite copies the data: a caller that gives up may use its slice again while the writer still reads it.
func newSQLiteWrite(statements []statement) *sqliteWrite {
	op := &sqliteWrite{statements: statements, alone: len(statements) > 1, done: make(chan struct{})}
	for _, st := range statements {
		for i, arg := range st.args {
			if data, ok := arg.([]byte); ok {
				op.size += len(data)
				st.args[i] = append([]byte{}, data...)
			}
		}
	}
	return op
}

// finish makes the outcome known. An error the write already met by itself stands.
func (op *sqliteWrite) finish(err error) {
	if op.err == nil {
		op.err = err
	}
	close(op.done)
}

func newSQLiteWriter(db *sql.DB) *sqliteWriter {
	return &sqliteWriter{db: db, wake: make(chan struct{}, 1)}
}

func (w *sqliteWriter) atOnce() int { return 1 }

func (w *sqliteWriter) refused(_ context.Context, err error) bool {
	return sqliteFault(err) == faultRow
}

// connect leaves it to the calls, which ride out that others hold the database.
func (w *sqliteWriter) connect(context.Context) error { return nil }

// read rides out the moments in which a writer without WAL keeps readers out; once there was a row, there are none.
func (w *sqliteWriter) read(ctx context.Context, query statement, row func(*sql.Rows) error) error {
	return rideOut(ctx, func() (again bool, err error) {
		again = true
		rows, err := w.db.QueryContext(ctx, query.text, query.args...)
		err = readRows(rows, err, func(rows *sql.Rows) error {
			again = false
			return row(rows)
		})
		return again, err
	})
}

// rideOut repeats a call while it says that it may be made again and other connections hold the database.
func rideOut(ctx context.Context, call func() (again bool, err error)) error {
	for attempt := 1; ; attempt++ {
		again, err := call()
		if err == nil || !again || sqliteFault(err) != faultConflict {
			return err
		}
		if !pause(ctx, attempt) {
			return errors.Join(ctx.Err(), err)
		}
	}
}

// run queues the statements and waits for their outcome, or for ctx. Once ctx has ended a write that has not begun
// never will; one under way may still take effect.
func (w *sqliteWriter) run(ctx context.Context, statements ...statement) (int64, error) {
	return w.wait(ctx, newSQLiteWrite(statements))
}

// atomically has a transaction even for one statement: a trigger's RAISE(FAIL) ends a statement half-way, and what it
// did until then would stay.
func (w *sqliteWriter) atomically(ctx context.Context, statements ...statement) error {
	op := newSQLiteWrite(statements)
	op.alone = true
	_, err := w.wait(ctx, op)
	return err
}

// wait queues a write and waits for its outcome, or for ctx.
func (w *sqliteWriter) wait(ctx context.Context, op *sqliteWrite) (int64, error) {
	op.deadline, _ = ctx.Deadline() // which all calls have
	w.mu.Lock()
	if w.stopped {
		w.mu.Unlock()
		return 0, ErrStoreClosed{}
	}
	w.queue = append(w.queue, op)
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default: // the writer knows
	}
	select {
	case <-op.done:
		return op.changed, op.err
	case <-ctx.Done():
	}
	w.abandon(op)
	select {
	case <-op.done:
		return op.changed, op.err
	default:
		return 0, ctx.Err()
	}
}

func (w *sqliteWriter) abandon(op *sqliteWrite) {
	w.mu.Lock()
	defer w.mu.Unlock()
	op.abandoned = true
	if i := slices.Index(w.queue, op); i >= 0 {
		w.queue = slices.Delete(w.queue, i, i+1)
	}
}

// loop is the writer's goroutine. When ctx ends it finishes what it is doing and refuses the rest.
func (w *sqliteWriter) loop(ctx context.Context) {
	defer w.refuse()
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.wake:
		}
		for ctx.Err() == nil {
			runtime.Gosched() // lets others that are about to write come too: else every second group is a lone one
			group := w.next()
			if len(group) == 0 {
				break
			}
			w.write(ctx, group)
		}
	}
}

// refuse ends the queue: those in it, and all that come later, find the store closed.
func (w *sqliteWriter) refuse() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopped = true
	for _, op := range w.queue {
		op.finish(ErrStoreClosed{})
	}
	w.queue = nil
}

// next takes from the queue what goes into one transaction: a write that must be alone, else all up to the next one.
func (w *sqliteWriter) next() []*sqliteWrite {
	w.mu.Lock()
	defer w.mu.Unlock()
	n, size := 0, 0
	for n < len(w.queue) && n < maxGroupWrites && !w.queue[n].alone {
		size += w.queue[n].size
		if n > 0 && size > maxGroupBytes {
			break
		}
		n++
	}
	if n == 0 && len(w.queue) > 0 {
		n = 1
	}
	group := slices.Clone(w.queue[:n])
	w.queue = slices.Delete(w.queue, 0, n)
	return group
}
