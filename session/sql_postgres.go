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
	name         tableName
	table, users string

	loadText, saveText, batchText, touchText string
}

func newPostgresDialect(name tableName) sqlDialect {
	table := name.quoted(`"`)
	onConflict := ` ON CONFLICT (id) DO UPDATE SET data = EXCLUDED.data, expires_at = EXCLUDED.expires_at, updated_at = EXCLUDED.updated_at`
	insert := `INSERT INTO ` + table + ` (id, data, expires_at, created_at, updated_at) `
	return &postgresDialect{
		name:     name,
		table:    table,
		users:    name.users().quoted(`"`),
		loadText: `SELECT data FROM ` + table + ` WHERE id = $1 AND expires_at > clock_timestamp()`,
		saveText: insert + `VALUES ($1, $2, clock_timestamp() + $3::bigint * interval '1 millisecond', now(), now())` + onConflict,
		batchText: insert + `SELECT b.id, substring($2::bytea FROM b.first FOR b.size), clock_timestamp() + b.left_ms * interval '1 millisecond', now(), now()` +
			` FROM unnest(string_to_array($1::text, ' '), string_to_array($3::text, ' ')::int[], string_to_array($4::text, ' ')::int[], string_to_array($5::text, ' ')::bigint[])` +
			` AS b(id, first, size, left_ms)` + onConflict,
		touchText: `UPDATE ` + table + ` SET expires_at = clock_timestamp() + $2::bigint * interval '1 millisecond', updated_at = now()` +
			` WHERE id = $1 AND expires_at > clock_timestamp()`,
	}
}

func (d *postgresDialect) load(id string, _ time.Time) statement {
	return statement{text: d.loadText, args: []any{id}}
}

func (d *postgresDialect) save(rows []sqlRow, _ time.Time) statement {
	if len(rows) == 1 {
		return statement{text: d.saveText, args: []any{rows[0].id, rows[0].data, rows[0].milliseconds()}}
	}
	var ids, firsts, sizes, lefts []string
	size := 0
	for _, row := range rows {
		size += len(row.data)
	}
	data := make([]byte, 0, size)
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

func (d *postgresDialect) batchRows() int { return 1000 }

func (d *postgresDialect) batchBytes() int { return maxBatchBytes }

func spaced(list []string) string { return strings.Join(list, " ") }
