package session

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

// migrate works on a connection of its own, whose settings it changes; it throws it away in the end.
func (d *mysqlDialect) migrate(ctx context.Context, db *sql.DB) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	drop := sync.OnceFunc(func() {
		_ = conn.Raw(func(any) error { return driver.ErrBadConn }) // the error is the one asked for
		_ = conn.Close()
	})
	defer drop()
	if err := d.lock(ctx, conn); err != nil {
		return err
	}
	var id int64
	if err := conn.QueryRowContext(ctx, `SELECT CONNECTION_ID()`).Scan(&id); err != nil {
		return err
	}
	err = d.migrateIn(ctx, conn)
	if err != nil && ctx.Err() != nil {
		drop() // or a pool of one had no connection left to kill with
		killQuery(ctx, db, id)
	}
	if err == nil || ctx.Err() != nil {
		return err
	}
	if number, ok := errorField(err, "Number"); ok && number == 1205 {
		return lockTimedOut(err)
	}
	return err
}

// lock keeps other migrations of this table out until the connection is closed. It waits in short turns, since a server
// does not see that a client has gone.
func (d *mysqlDialect) lock(ctx context.Context, conn *sql.Conn) error {
	name := "limpet_" + strconv.FormatUint(d.name.hash(), 16)
	for {
		var got sql.NullBool
		err := conn.QueryRowContext(ctx, `SELECT GET_LOCK(CONCAT(?, MD5(COALESCE(NULLIF(?, ''), DATABASE()))), 1)`, name, d.name.schema).Scan(&got)
		switch {
		case err != nil:
			return err
		case !got.Valid:
			return errors.New("the server gives no lock")
		case got.Bool:
			return nil
		}
	}
}

// killQuery ends what a connection that was given up was doing: the server would go on with it, and with keeping others
// from the table. Where that fails, it may be over, and has its time limits else.
func killQuery(ctx context.Context, db *sql.DB, id int64) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), migrateKillTimeout)
	defer cancel()
	_, _ = db.ExecContext(ctx, `KILL QUERY `+strconv.FormatInt(id, 10))
}

func (d *mysqlDialect) migrateIn(ctx context.Context, conn *sql.Conn) error {
	limit := strconv.Itoa(migrateLockSeconds)
	err := execAll(ctx, conn, statement{text: `SET SESSION lock_wait_timeout = ` + limit + `, innodb_lock_wait_timeout = ` + limit +
		`, sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')`}) // or what does not fit a column is cut to fit
	if err != nil {
		return err
	}
	exists, err := found(ctx, conn, d.exists(d.name))
	if err != nil {
		return err
	}
	users, err := hasUsers(ctx, conn, d, d.name.users())
	if err != nil {
		return err
	}
	if !exists {
		return execAll(ctx, conn, d.create()...)
	}
	changes, err := d.changes(ctx, conn)
	if err != nil {
		return err
	}
	if !users {
		if err := execAll(ctx, conn, d.createUsers()...); err != nil {
			return err
		}
	}
	if len(changes) == 0 {
		return nil
	}
	return execAll(ctx, conn, statement{text: `ALTER TABLE ` + d.table + ` ` + strings.Join(changes, ", ")})
}

// mysqlWanted is what the catalog says of the columns that mysqlColumns makes.
var mysqlWanted = map[string]struct{ kind, collation, nullable string }{
	"id":         {"varchar(64)", "ascii_bin", "NO"},
	"data":       {"longblob", "", "NO"},
	"expires_at": {"datetime(3)", "", "NO"},
	"created_at": {"datetime(3)", "", ""},
	"updated_at": {"datetime(3)", "", ""},
}

// changes returns what ALTER TABLE has to do, in one go: the table is copied once, and is its old self until then.
func (d *mysqlDialect) changes(ctx context.Context, conn *sql.Conn) ([]string, error) {
	columns, err := queryTexts(ctx, conn, statement{
		text: `SELECT LOWER(column_name), LOWER(column_type), LOWER(collation_name), is_nullable, LOWER(extra) FROM information_schema.columns` + mysqlTable,
		args: mysqlTableArgs(d.name),
	}, 5)
	if err != nil {
		return nil, err
	}
	have := map[string][]string{}
	for _, c := range columns {
		have[c[0]] = c[1:]
	}
	var steps []string
	for _, c := range mysqlColumns {
		got, want := have[c.name], mysqlWanted[c.name]
		if got == nil || got[0] == want.kind && (want.collation == "" || got[1] == want.collation) &&
			(want.nullable == "" || got[2] == want.nullable) && !strings.Contains(got[3], "on update") {
			continue
		}
		if c.name == "id" {
			if err := d.onlyASCII(ctx, conn); err != nil {
				return nil, err
			}
		}
		steps = append(steps, `MODIFY `+c.name+` `+c.definition)
	}
	more, err := d.changesBeside(ctx, conn)
	return append(steps, more...), err
}

// changesBeside looks at the engine and the index.
func (d *mysqlDialect) changesBeside(ctx context.Context, conn *sql.Conn) (steps []string, err error) {
	innodb, err := found(ctx, conn, statement{
		text: `SELECT 1 FROM information_schema.tables` + mysqlTable + ` AND engine = 'InnoDB'`, args: mysqlTableArgs(d.name),
	})
	if err != nil {
		return nil, err
	}
	if !innodb {
		steps = append(steps, `ENGINE=InnoDB`)
	}
	indexed, err := found(ctx, conn, statement{
		text: `SELECT 1 FROM information_schema.statistics` + mysqlTable + ` AND column_name = 'expires_at' AND seq_in_index = 1`, args: mysqlTableArgs(d.name),
	})
	if err == nil && !indexed {
		steps = append(steps, `ADD `+d.expiryIndex())
	}
	return steps, err
}

// onlyASCII reports rows that no session has, and that the new column would not take.
func (d *mysqlDialect) onlyASCII(ctx context.Context, conn *sql.Conn) error {
	var n int64
	err := conn.QueryRowContext(ctx, `SELECT COUNT(*) FROM `+d.table+` WHERE LENGTH(CONVERT(id USING utf8mb4)) <> CHAR_LENGTH(id)`).Scan(&n)
	if err == nil && n > 0 {
		err = fmt.Errorf("%d rows have IDs that are not ASCII, which no session has: delete them first", n)
	}
	return err
}
