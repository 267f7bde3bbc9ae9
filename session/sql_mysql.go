package session

import (
	"strings"
	"time"
)

// mysqlDialect builds statements for MySQL and MariaDB. Expiry is decided by the server's UTC_TIMESTAMP(3): a
// session carries its remaining microseconds there. The columns are DATETIME in UTC, since TIMESTAMP ends in 2038
// and follows each connection's time zone.
type mysqlDialect struct {
	name         tableName
	table, users string
}

const (
	mysqlRow    = `(?, ?, DATE_ADD(UTC_TIMESTAMP(3), INTERVAL ? MICROSECOND), UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))`
	mysqlUpdate = ` ON DUPLICATE KEY UPDATE data = VALUES(data), expires_at = VALUES(expires_at), updated_at = VALUES(updated_at)`
)

func newMySQLDialect(name tableName) sqlDialect {
	return &mysqlDialect{name: name, table: name.quoted("`"), users: name.users().quoted("`")}
}

func (d *mysqlDialect) load(id string, _ time.Time) statement {
	return statement{
		text:  `SELECT data FROM ` + d.table + ` WHERE id = ? AND expires_at > UTC_TIMESTAMP(3)`,
		args:  []any{id},
		fixed: true,
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
		args:  args,
		fixed: d.fixed(len(rows)),
	}
}

func (d *mysqlDialect) touch(row sqlRow, _ time.Time) statement {
	return statement{
		text: `UPDATE ` + d.table + ` SET expires_at = DATE_ADD(UTC_TIMESTAMP(3), INTERVAL ? MICROSECOND), updated_at = UTC_TIMESTAMP(3)` +
			` WHERE id = ? AND expires_at > UTC_TIMESTAMP(3)`,
		args:  []any{1000 * row.milliseconds(), row.id},
		fixed: true,
	}
}

func (d *mysqlDialect) batchRows() int { return mysqlBatchRows }

const mysqlBatchRows = 100

// batchBytes leaves a statement well below the 4 MiB that MySQL 5.7 takes out of the box (max_allowed_packet), also where
// a driver writes the data into the text, which may double it.
func (d *mysqlDialect) batchBytes() int { return 1 << 20 }

// fixed says that the text for this many rows is one of few: that of a lone call or of a full step.
func (d *mysqlDialect) fixed(rows int) bool { return rows == 1 || rows == mysqlBatchRows }

// repeated returns n copies of text with commas between them.
func repeated(text string, n int) string {
	return text + strings.Repeat(", "+text, n-1)
}
