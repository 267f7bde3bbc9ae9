package session

// create takes a lock of the whole database first: IF NOT EXISTS alone fails when two processes create a table at the
// same time.
//
// Session data is stored as it comes: up to a row of 8 KiB beside the other columns, not compressed. A session is
// read and written whole and often, so that a trip to the TOAST table and back costs more than the space.
func (d *postgresDialect) create() []statement {
	all := []statement{d.lock(), {text: `CREATE TABLE IF NOT EXISTS ` + d.table + ` (
	id VARCHAR(64) COLLATE "C" PRIMARY KEY,
	data BYTEA NOT NULL,
	expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE DEFAULT NOW(),
	updated_at TIMESTAMP WITH TIME ZONE DEFAULT NOW()
) WITH (toast_tuple_target = 8160)`},
		{text: `ALTER TABLE ` + d.table + ` ALTER COLUMN data SET STORAGE EXTERNAL`},
		d.createIndex(),
	}
	return append(all, d.createUsers()...)
}

// lock is held until the transaction ends. All that create or change this table take it.
func (d *postgresDialect) lock() statement {
	return statement{
		text: `SELECT pg_advisory_xact_lock($1::bigint # hashtext(COALESCE(NULLIF($2::text, ''), current_schema(), '')))`,
		args: []any{int64(d.name.hash()), d.name.schema},
	}
}

func (d *postgresDialect) createIndex() statement {
	return statement{text: `CREATE INDEX IF NOT EXISTS ` + quoteName(d.name.expiryIndex(), `"`) + ` ON ` + d.table + ` (expires_at)`}
}

func (d *postgresDialect) createUsers() []statement {
	users := d.name.users()
	return []statement{
		{text: `CREATE TABLE IF NOT EXISTS ` + d.users + ` (
	session_id VARCHAR(64) COLLATE "C" PRIMARY KEY,
	user_sum VARCHAR(64) COLLATE "C" NOT NULL,
	expires_at TIMESTAMP WITH TIME ZONE NOT NULL
)`},
		{text: `CREATE INDEX IF NOT EXISTS ` + quoteName(users.userIndex(), `"`) + ` ON ` + d.users + ` (user_sum, session_id)`},
		{text: `CREATE INDEX IF NOT EXISTS ` + quoteName(users.expiryIndex(), `"`) + ` ON ` + d.users + ` (expires_at)`},
	}
}

func (d *postgresDialect) lossy(int) statement { return statement{} }

func (d *postgresDialect) probe() statement      { return probeSessions(d.table) }
func (d *postgresDialect) probeUsers() statement { return probeUsers(d.users) }

// postgresTable finds a table, as the connection's search path does if its name has no schema.
const postgresTable = ` FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace` +
	` WHERE c.relname = $1::text AND c.relkind IN ('r', 'p', 'v', 'f')` +
	` AND CASE WHEN $2::text = '' THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = $2::text END`

func (d *postgresDialect) exists(name tableName) statement {
	return statement{text: `SELECT 1` + postgresTable, args: []any{name.table, name.schema}}
}
