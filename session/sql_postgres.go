package session

import (
	"strconv"
	"strings"
	"time"
)

// postgresDialect builds statements for PostgreSQL. Expiry is decided by the server's clock_timestamp(): a session
// carries its remaining milliseconds there.
//
// A batch is one INSERT ... SELECT from unnest. So that it works with every driver, it uses no array parameters:
// IDs, sizes and milliseconds are lists in text, separated by the space that no ID contains, and the data of all
// rows is one bytea that the server cuts up.
type postgresDialect struct {
	create []statement

	loadText, saveText, batchText, touchText, removeText, sweepText string
}

func newPostgresDialect(name tableName) sqlDialect {
	table := name.quoted(`"`)
	onConflict := ` ON CONFLICT (id) DO UPDATE SET data = EXCLUDED.data, expires_at = EXCLUDED.expires_at, updated_at = EXCLUDED.updated_at`
	insert := `INSERT INTO ` + table + ` (id, data, expires_at, created_at, updated_at) `
	return &postgresDialect{
		create:   postgresTable(name),
		loadText: `SELECT data FROM ` + table + ` WHERE id = $1 AND expires_at > clock_timestamp()`,
		saveText: insert + `VALUES ($1, $2, clock_timestamp() + $3::bigint * interval '1 millisecond', now(), now())` + onConflict,
		batchText: insert + `SELECT b.id, substring($2::bytea FROM b.first FOR b.size), clock_timestamp() + b.left_ms * interval '1 millisecond', now(), now()` +
			` FROM unnest(string_to_array($1::text, ' '), string_to_array($3::text, ' ')::int[], string_to_array($4::text, ' ')::int[], string_to_array($5::text, ' ')::bigint[])` +
			` AS b(id, first, size, left_ms)` + onConflict,
		touchText: `UPDATE ` + table + ` SET expires_at = clock_timestamp() + $2::bigint * interval '1 millisecond', updated_at = now()` +
			` WHERE id = $1 AND expires_at > clock_timestamp()`,
		removeText: `DELETE FROM ` + table + ` WHERE id = ANY(string_to_array($1::text, ' '))`,
		sweepText: `DELETE FROM ` + table + ` WHERE id = ANY(ARRAY(SELECT id FROM ` + table +
			` WHERE expires_at <= now() ORDER BY expires_at LIMIT ` + strconv.Itoa(sweepRows) + ` FOR UPDATE SKIP LOCKED)) AND expires_at <= now()`,
	}
}

// postgresTable takes a lock of the whole database first: IF NOT EXISTS alone fails when two processes create the
// table at the same time.
func postgresTable(name tableName) []statement {
	table := name.quoted(`"`)
	return []statement{
		{text: `SELECT pg_advisory_xact_lock($1::bigint)`, args: []any{int64(name.hash())}},
		{text: `CREATE TABLE IF NOT EXISTS ` + table + ` (
	id VARCHAR(64) COLLATE "C" PRIMARY KEY,
	data BYTEA NOT NULL,
	expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE DEFAULT NOW(),
	updated_at TIMESTAMP WITH TIME ZONE DEFAULT NOW()
)`},
		{text: `CREATE INDEX IF NOT EXISTS ` + quoteName(name.expiryIndex(), `"`) + ` ON ` + table + ` (expires_at)`},
	}
}

func (d *postgresDialect) createTable() []statement { return d.create }

func (d *postgresDialect) load(id string, _ time.Time) statement {
	return statement{text: d.loadText, args: []any{id}}
}

func (d *postgresDialect) save(rows []sqlRow, _ time.Time) statement {
	if len(rows) == 1 {
		return statement{text: d.saveText, args: []any{rows[0].id, rows[0].data, rows[0].milliseconds()}}
	}
	var ids, firsts, sizes, lefts []string
	data := []byte{}
	for _, row := range rows {
		ids = append(ids, row.id)
		firsts = append(firsts, strconv.Itoa(len(data)+1))
		sizes = append(sizes, strconv.Itoa(len(row.data)))
		lefts = append(lefts, strconv.FormatInt(row.milliseconds(), 10))
		data = append(data, row.data...)
	}
	return statement{text: d.batchText, args: []any{spaced(ids), data, spaced(firsts), spaced(sizes), spaced(lefts)}}
}

func (d *postgresDialect) touch(row sqlRow, _ time.Time) statement {
	return statement{text: d.touchText, args: []any{row.id, row.milliseconds()}}
}

func (d *postgresDialect) remove(ids []string) statement {
	return statement{text: d.removeText, args: []any{spaced(ids)}}
}

func (d *postgresDialect) sweep(time.Time) statement { return statement{text: d.sweepText} }

func (d *postgresDialect) batchRows() int { return 1000 }

func spaced(list []string) string { return strings.Join(list, " ") }
