package session

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strconv"
	"strings"
)

// postgresID selects IDs in one type whatever that of the column is: a connection refuses to run a query once more, which
// it has prepared, if Migrate has changed the type of its result.
const postgresID = `id::text COLLATE "C" AS session`

// migrate does all in one transaction. Like its statements it may be repeated, so that conflicts are retried.
func (d *postgresDialect) migrate(ctx context.Context, db *sql.DB) error {
	for attempt := 1; ; attempt++ {
		err := d.migrateOnce(ctx, db)
		var state interface{ SQLState() string }
		switch {
		case errors.As(err, &state) && state.SQLState() == "55P03": // lock_not_available
			return lockTimedOut(err)
		case err == nil, attempt == serverAttempts, serverFault(err) != faultConflict, !pause(ctx, attempt):
			return err
		}
	}
}

func (d *postgresDialect) migrateOnce(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted}) // sees what was committed while it waited
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // nothing, once it is committed
	if err := d.migrateIn(ctx, tx); err != nil {
		return err
	}
	return tx.Commit()
}

func (d *postgresDialect) migrateIn(ctx context.Context, tx *sql.Tx) error {
	// Waiting for other migrations holds up nobody, so it comes before the limit.
	err := execAll(ctx, tx, d.lock(), statement{text: `SET LOCAL lock_timeout = '` + strconv.Itoa(migrateLockSeconds) + `s'`})
	if err != nil {
		return err
	}
	table, err := d.look(ctx, tx)
	if err != nil {
		return err
	}
	if table == nil {
		if _, err := hasUsers(ctx, tx, d, d.name.users()); err != nil {
			return err
		}
		return execAll(ctx, tx, d.create()...)
	}
	var steps []statement
	if changes := table.changes(); len(changes) > 0 {
		steps = append(steps, statement{text: `ALTER TABLE ` + d.table + ` ` + strings.Join(changes, ", ")})
	}
	if !table.indexed {
		steps = append(steps, d.createIndex())
	}
	beside := *d
	beside.name.schema = table.schema
	beside.users = beside.name.users().quoted(`"`)
	users, err := hasUsers(ctx, tx, &beside, beside.name.users())
	if err != nil {
		return err
	}
	if !users {
		steps = append(steps, beside.createUsers()...)
	}
	return execAll(ctx, tx, steps...)
}

// postgresState is how a table of sessions was found.
type postgresState struct {
	schema  string
	options []string
	columns map[string]postgresColumn
	indexed bool // by expires_at first
}

type postgresColumn struct{ kind, collation, storage string }

// look returns nil if there is no table.
func (d *postgresDialect) look(ctx context.Context, tx *sql.Tx) (*postgresState, error) {
	name := []any{d.name.table, d.name.schema}
	tables, err := queryTexts(ctx, tx, statement{text: `SELECT n.nspname::text, array_to_string(c.reloptions, ' ')` + postgresTable, args: name}, 2)
	if err != nil || len(tables) == 0 {
		return nil, err
	}
	table := &postgresState{schema: tables[0][0], options: strings.Fields(tables[0][1]), columns: map[string]postgresColumn{}}
	columns, err := queryTexts(ctx, tx, statement{
		text: `SELECT a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod), o.collname::text, a.attstorage::text,` +
			` EXISTS (SELECT 1 FROM pg_catalog.pg_index i WHERE i.indrelid = a.attrelid AND i.indkey[0] = a.attnum AND i.indisvalid AND i.indpred IS NULL)::text` +
			` FROM pg_catalog.pg_attribute a LEFT JOIN pg_catalog.pg_collation o ON o.oid = a.attcollation` +
			` WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attrelid = (SELECT c.oid` + postgresTable + `)`,
		args: name,
	}, 5)
	for _, c := range columns {
		table.columns[c[0]] = postgresColumn{kind: c[1], collation: c[2], storage: c[3]}
		table.indexed = table.indexed || c[0] == "expires_at" && c[4] == "true"
	}
	return table, err
}

// changes returns what ALTER TABLE has to do. Rows that are there keep the way their data is stored until it is saved.
func (t *postgresState) changes() []string {
	var steps []string
	if id := t.columns["id"]; id.kind != "character varying(64)" || id.collation != "C" {
		steps = append(steps, `ALTER COLUMN id TYPE VARCHAR(64) COLLATE "C"`)
	}
	if t.columns["data"].storage != "e" {
		steps = append(steps, `ALTER COLUMN data SET STORAGE EXTERNAL`)
	}
	for _, name := range []string{"expires_at", "created_at", "updated_at"} {
		if t.columns[name].kind != "timestamp with time zone" {
			steps = append(steps, `ALTER COLUMN `+name+` TYPE TIMESTAMP WITH TIME ZONE`)
		}
	}
	if !slices.Contains(t.options, "toast_tuple_target=8160") {
		steps = append(steps, `SET (toast_tuple_target = 8160)`)
	}
	return steps
}
