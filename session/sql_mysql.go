package session

import (
	"strconv"
	"strings"
	"time"
)

// mysqlDialect builds statements for MySQL and MariaDB. Expiry is decided by the server's UTC_TIMESTAMP(3): a
// session carries its remaining microseconds there. The columns are DATETIME in UTC, since TIMESTAMP ends in 2038
// and follows each connection's time zone.
type mysqlDialect struct {
	table  string
	create []statement
}

const (
	mysqlRow    = `(?, ?, DATE_ADD(UTC_TIMESTAMP(3), INTERVAL ? MICROSECOND), UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))`
	mysqlUpdate = ` ON DUPLICATE KEY UPDATE data = VALUES(data), expires_at = VALUES(expires_at), updated_at = VALUES(updated_at)`
)

func newMySQLDialect(name tableName) sqlDialect {
	table := name.quoted("`")
	create := `CREATE TABLE IF NOT EXISTS ` + table + ` (
	id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
	data LONGBLOB NOT NULL,
	expires_at DATETIME(3) NOT NULL,
	created_at DATETIME(3) DEFAULT CURRENT_TIMESTAMP(3),
	updated_at DATETIME(3) DEFAULT CURRENT_TIMESTAMP(3),
	INDEX ` + quoteName(name.expiryIndex(), "`") + ` (expires_at)
) ENGINE=InnoDB`
	return &mysqlDialect{table: table, create: []statement{{text: create}}}
}

func (d *mysqlDialect) createTable() []statement { return d.create }

func (d *mysqlDialect) load(id string, _ time.Time) statement {
	return statement{
		text: `SELECT data FROM ` + d.table + ` WHERE id = ? AND expires_at > UTC_TIMESTAMP(3)`,
		args: []any{id},
	}
}

func (d *mysqlDialect) save(rows []sqlRow, _ time.Time) statement {
	args := make([]any, 0, 3*len(rows))
	for _, row := range rows {
		args = append(args, row.id, row.data, 1000*row.milliseconds())
	}
	return statement{
		text: `INSERT INTO ` + d.table + ` (id, data, expires_at, created_at, updated_at) VALUES ` +
			repeated(mysqlRow, len(rows)) + mysqlUpdate,
		args: args,
	}
}

func (d *mysqlDialect) touch(row sqlRow, _ time.Time) statement {
	return statement{
		text: `UPDATE ` + d.table + ` SET expires_at = DATE_ADD(UTC_TIMESTAMP(3), INTERVAL ? MICROSECOND), updated_at = UTC_TIMESTAMP(3)` +
			` WHERE id = ? AND expires_at > UTC_TIMESTAMP(3)`,
		args: []any{1000 * row.milliseconds(), row.id},
	}
}

func (d *mysqlDialect) remove(ids []string) statement { return removeIDs(d.table, ids) }

func (d *mysqlDialect) sweep(time.Time) statement {
	return statement{text: `DELETE FROM ` + d.table + ` WHERE expires_at <= UTC_TIMESTAMP(3) ORDER BY expires_at LIMIT ` +
		strconv.Itoa(sweepRows)}
}

func (d *mysqlDialect) batchRows() int { return 100 }

// removeIDs is the DELETE of the dialects with ? placeholders.
func removeIDs(table string, ids []string) statement {
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	return statement{text: `DELETE FROM ` + table + ` WHERE id IN (` + repeated("?", len(ids)) + `)`, args: args}
}

// repeated returns n copies of text with commas between them.
func repeated(text string, n int) string {
	return text + strings.Repeat(", "+text, n-1)
}
