package session

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"slices"
	"time"
)

// write brings a group to an end: committed, refused, or given up when ctx ends or the last of its callers has no time
// left. While other connections hold the database it tries again. If the group as a whole fails for any other reason, its writes are
// tried one by one, so that each has an outcome of its own; all of them may safely be done twice.
func (w *sqliteWriter) write(ctx context.Context, group []*sqliteWrite) {
	ctx, cancel := context.WithDeadline(ctx, lastDeadline(group))
	defer cancel()
	for attempt := 1; ; attempt++ {
		group = w.wanted(group)
		if len(group) == 0 {
			return
		}
		err := w.try(ctx, group)
		if err != nil && sqliteFault(err) == faultConflict {
			if pause(ctx, attempt) {
				continue
			}
			finishAll(group, errors.Join(ctx.Err(), err))
			return
		}
		if err != nil && len(group) > 1 {
			for _, op := range group {
				w.write(ctx, []*sqliteWrite{op})
			}
			return
		}
		finishAll(group, err)
		return
	}
}

// wanted leaves out the writes whose callers have gone. It is called when nothing of the group is in the database.
func (w *sqliteWriter) wanted(group []*sqliteWrite) []*sqliteWrite {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.DeleteFunc(group, func(op *sqliteWrite) bool { return op.abandoned })
}

func lastDeadline(group []*sqliteWrite) time.Time {
	return slices.MaxFunc(group, func(a, b *sqliteWrite) int { return a.deadline.Compare(b.deadline) }).deadline
}

func finishAll(group []*sqliteWrite, err error) {
	for _, op := range group {
		op.finish(err)
	}
}

// try does a group once: a single statement by itself, else all of them in a transaction.
func (w *sqliteWriter) try(ctx context.Context, group []*sqliteWrite) (err error) {
	for _, op := range group {
		op.err = nil
	}
	if op := group[0]; len(group) == 1 && !op.alone {
		st := op.statements[0]
		op.changed, err = changedRows(w.db.ExecContext(ctx, st.text, st.args...))
		return err
	}
	conn, err := w.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // gives it back to the pool
	// IMMEDIATE takes the write lock at once: a transaction that only reads at first may find, when it wants to
	// write, that it must start again. Only this wait heeds ctx: what an interrupted COMMIT did, nobody knows.
	if _, err = conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err == nil {
		err = fill(conn, group)
	}
	if err == nil {
		err = commit(ctx, conn)
	}
	if err != nil {
		leaveTransaction(conn)
	}
	return err
}

// fill runs the statements of a group. A row that SQLite refuses is that write's own failure: the statement has
// changed nothing and the transaction goes on without it.
func fill(conn *sql.Conn, group []*sqliteWrite) error {
	prepared := map[string]*sql.Stmt{}
	defer func() {
		for _, p := range prepared {
			_ = p.Close() // closed with its connection at the latest
		}
	}()
	for _, op := range group {
		err := op.fill(conn, prepared)
		if err != nil && len(group) > 1 && sqliteFault(err) == faultRow {
			op.err = err
		} else if err != nil {
			return err
		}
	}
	return nil
}

func (op *sqliteWrite) fill(conn *sql.Conn, prepared map[string]*sql.Stmt) error {
	ctx := context.Background()
	for _, st := range op.statements {
		p := prepared[st.text]
		if p == nil {
			var err error
			if p, err = conn.PrepareContext(ctx, st.text); err != nil {
				return err
			}
			prepared[st.text] = p
		}
		var err error
		if op.changed, err = changedRows(p.ExecContext(ctx, st.args...)); err != nil {
			return err
		}
	}
	return nil
}

// commit waits, without WAL, for readers to leave; the transaction stays as it is meanwhile and keeps new ones out.
func commit(ctx context.Context, conn *sql.Conn) error {
	for attempt := 1; ; attempt++ {
		_, err := conn.ExecContext(context.Background(), "COMMIT")
		if err == nil || sqliteFault(err) != faultConflict || !pause(ctx, attempt) {
			return err
		}
	}
}

// leaveTransaction makes sure that a connection goes back to its pool without an open transaction. SQLite may have
// rolled back by itself, and then ROLLBACK fails; a new transaction that can begin shows it. Else the connection is
// thrown away.
func leaveTransaction(conn *sql.Conn) {
	ctx := context.Background()
	if _, err := conn.ExecContext(ctx, "ROLLBACK"); err == nil {
		return
	}
	if _, err := conn.ExecContext(ctx, "BEGIN"); err == nil {
		if _, err := conn.ExecContext(ctx, "ROLLBACK"); err == nil {
			return
		}
	}
	_ = conn.Raw(func(any) error { return driver.ErrBadConn }) // the error is the one asked for
}
