package session

// mysqlColumns are the columns of the table of sessions.
var mysqlColumns = []struct{ name, definition string }{
	{"id", `VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL`},
	{"data", `LONGBLOB NOT NULL`},
	{"expires_at", `DATETIME(3) NOT NULL`},
	{"created_at", `DATETIME(3) DEFAULT CURRENT_TIMESTAMP(3)`},
	{"updated_at", `DATETIME(3) DEFAULT CURRENT_TIMESTAMP(3)`},
}

func (d *mysqlDialect) create() []statement {
	text := `CREATE TABLE IF NOT EXISTS ` + d.table + ` (`
	for _, column := range mysqlColumns {
		text += "\n\t" + column.name + " " + column.definition + ","
	}
	text += `
	PRIMARY KEY (id),
	` + d.expiryIndex() + `
) ENGINE=InnoDB`
	return append(d.createUsers(), statement{text: text})
}

func (d *mysqlDialect) expiryIndex() string {
	return `INDEX ` + quoteName(d.name.expiryIndex(), "`") + ` (expires_at)`
}

func (d *mysqlDialect) createUsers() []statement {
	users := d.name.users()
	return []statement{{text: `CREATE TABLE IF NOT EXISTS ` + d.users + ` (
	session_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
	user_sum VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	expires_at DATETIME(3) NOT NULL,
	INDEX ` + quoteName(users.userIndex(), "`") + ` (user_sum, session_id),
	INDEX ` + quoteName(users.expiryIndex(), "`") + ` (expires_at)
) ENGINE=InnoDB`}}
}

// lossy finds data that a column cuts off, or refuses where sql_mode is strict, and times that skip hours with the
// connection's zone and end in 2038.
func (d *mysqlDialect) lossy(maxBytes int) statement {
	return statement{
		text: `SELECT column_name FROM information_schema.columns` + mysqlTable +
			` AND (column_name = 'data' AND character_octet_length < ? OR column_name = 'expires_at' AND data_type = 'timestamp')`,
		args: append(mysqlTableArgs(d.name), mysqlDataBytes(maxBytes)),
	}
}

func mysqlDataBytes(maxBytes int) int64 {
	if maxBytes < 0 {
		return 1<<32 - 1
	}
	return int64(maxBytes)
}

func (d *mysqlDialect) probe() statement      { return probeSessions(d.table) }
func (d *mysqlDialect) probeUsers() statement { return probeUsers(d.users) }

// mysqlTable finds a table in the catalog, byte for byte where the server tells names apart by case: its own
// comparison does not.
const mysqlTable = ` WHERE table_schema = COALESCE(NULLIF(?, ''), DATABASE()) AND table_name = ?` +
	` AND (@@lower_case_table_names > 0 OR CAST(table_name AS BINARY) = CAST(? AS BINARY))`

func (d *mysqlDialect) exists(name tableName) statement {
	return statement{text: `SELECT 1 FROM information_schema.tables` + mysqlTable, args: mysqlTableArgs(name)}
}

func mysqlTableArgs(name tableName) []any { return []any{name.schema, name.table, name.table} }
