package session

// create declares the documented types; SQLite stores any value under them unchanged.
func (d *sqliteDialect) create() []statement {
	table := statement{text: `CREATE TABLE IF NOT EXISTS ` + d.table + ` (
	id VARCHAR(64) NOT NULL PRIMARY KEY,
	data BYTEA NOT NULL,
	expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now')),
	updated_at TIMESTAMP WITH TIME ZONE DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now'))
)`}
	return append([]statement{table, d.createIndex()}, d.createUsers()...)
}

func (d *sqliteDialect) createIndex() statement {
	return sqliteIndex(d.name, d.name.expiryIndex(), `(expires_at)`)
}

func (d *sqliteDialect) createUsers() []statement {
	users := d.name.users()
	return []statement{
		{text: `CREATE TABLE IF NOT EXISTS ` + d.users + ` (
	session_id VARCHAR(64) NOT NULL PRIMARY KEY,
	user_sum VARCHAR(64) NOT NULL,
	expires_at TIMESTAMP WITH TIME ZONE NOT NULL
) WITHOUT ROWID`},
		sqliteIndex(users, users.userIndex(), `(user_sum, session_id)`),
		sqliteIndex(users, users.expiryIndex(), `(expires_at)`),
	}
}

// sqliteIndex names the schema with the index, where SQLite wants it.
func sqliteIndex(table tableName, index, columns string) statement {
	name := tableName{schema: table.schema, table: index}
	return statement{text: `CREATE INDEX IF NOT EXISTS ` + name.quoted(`"`) + ` ON ` + quoteName(table.table, `"`) + ` ` + columns}
}

func (d *sqliteDialect) lossy(int) statement { return statement{} }

func (d *sqliteDialect) probe() statement      { return probeSessions(d.table) }
func (d *sqliteDialect) probeUsers() statement { return probeUsers(d.users) }

func (d *sqliteDialect) exists(name tableName) statement {
	master := tableName{schema: name.schema, table: "sqlite_master"}
	return statement{
		text: `SELECT 1 FROM ` + master.quoted(`"`) + ` WHERE type IN ('table', 'view') AND name = ? COLLATE NOCASE`,
		args: []any{name.table},
	}
}
