package session

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
)

// migrate rides out the moments in which others hold the database, to open it too.
func (d *sqliteDialect) migrate(ctx context.Context, db *sql.DB) error {
	return rideOut(ctx, func() (bool, error) { return true, d.migrateOnce(ctx, db) })
}

// migrateOnce does all in one transaction, which has the database to itself for writing.
func (d *sqliteDialect) migrateOnce(ctx context.Context, db *sql.DB) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // gives it back to the pool
	if _, err = conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err == nil {
		err = d.migrateIn(ctx, conn)
	}
	if err == nil {
		err = commit(ctx, conn)
	}
	if err != nil {
		leaveTransaction(conn)
	}
	return err
}

func (d *sqliteDialect) migrateIn(ctx context.Context, conn *sql.Conn) error {
	exists, err := found(ctx, conn, d.exists(d.name))
	if err != nil {
		return err
	}
	if _, err := hasUsers(ctx, conn, d, d.name.users()); err != nil {
		return err
	}
	if !exists {
		return execAll(ctx, conn, d.create()...)
	}
	folded, err := found(ctx, conn, d.indexWith(`l."unique" = 1 AND lower(i.name) = 'id' AND i.coll <> 'BINARY'`))
	if err != nil {
		return err
	}
	if folded {
		return errors.New("the column id takes different IDs for one, as upper case for lower, which SQLite cannot change: the table must be made anew")
	}
	indexed, err := found(ctx, conn, d.indexWith(`i.name = 'expires_at' AND i.seqno = 0 AND l.partial = 0`))
	if err != nil {
		return err
	}
	steps := d.createUsers()
	if !indexed {
		steps = append(steps, d.createIndex())
	}
	if err := execAll(ctx, conn, steps...); err != nil {
		return err
	}
	return d.normalise(ctx, conn)
}

// indexWith selects the key columns, for which a condition holds, of the indexes l of the table of sessions.
func (d *sqliteDialect) indexWith(condition string) statement {
	schema := cmp.Or(d.name.schema, "main")
	return statement{
		text: `SELECT 1 FROM pragma_index_list(?, ?) AS l, pragma_index_xinfo(l.name, ?) AS i WHERE i.key = 1 AND ` + condition,
		args: []any{d.name.table, schema, schema},
	}
}
