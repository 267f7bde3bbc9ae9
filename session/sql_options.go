package session

import "time"

// SQLDialect is the SQL that a store speaks.
type SQLDialect int

const (
	// DialectPostgreSQL is PostgreSQL 11 and later, with $1 placeholders.
	DialectPostgreSQL SQLDialect = iota

	// DialectMySQL is MySQL 5.7 and MariaDB 10.3 and later, with ? placeholders.
	DialectMySQL

	// DialectSQLite is SQLite 3.32 and later, with ? placeholders.
	DialectSQLite
)

const (
	defaultSQLTable           = "vango_sessions"
	defaultSQLCleanupInterval = 5 * time.Minute
)

// SQLStoreOption is an option of NewSQLStore. One that is wrong does not make NewSQLStore fail: the store keeps
// the error, and every method returns it.
type SQLStoreOption func(*sqlStoreConfig)

type sqlStoreConfig struct {
	dialect         SQLDialect
	table           string
	cleanupInterval time.Duration
	maxBytes        int
	ownsDB          bool
}

func newSQLStoreConfig(opts []SQLStoreOption) sqlStoreConfig {
	c := sqlStoreConfig{table: defaultSQLTable}
	for _, opt := range opts {
		if opt != nil {
			opt(&c)
		}
	}
	if c.cleanupInterval == 0 {
		c.cleanupInterval = defaultSQLCleanupInterval
	}
	c.maxBytes = maxSessionBytes(c.maxBytes)
	return c
}

// WithSQLDialect sets the dialect. The default is DialectPostgreSQL. A *sql.DB of your own for DialectMySQL needs
// connections with autocommit=1 and completion_type=NO_CHAIN, as servers come out of the box: with others, writes that
// succeeded may be rolled back in the end. Package drivers/mysql sees to it.
func WithSQLDialect(dialect SQLDialect) SQLStoreOption {
	return func(c *sqlStoreConfig) { c.dialect = dialect }
}

// WithSQLTableName sets the table: "name" or "schema.name", without quotes. Each part is quoted, so that any name
// works that the engine accepts when it is quoted, except one with a dot in it. The default is "vango_sessions".
func WithSQLTableName(name string) SQLStoreOption {
	return func(c *sqlStoreConfig) { c.table = name }
}

// WithSQLCleanupInterval sets how often the rows of expired sessions are deleted; they are missing from the
// instant they expire in any case. Zero is the default, five minutes; negative is never.
func WithSQLCleanupInterval(d time.Duration) SQLStoreOption {
	return func(c *sqlStoreConfig) { c.cleanupInterval = d }
}

// WithSQLMaxBytes sets how large the data of one session may be, in bytes. Zero is the default,
// DefaultMaxSessionBytes; negative is no limit but the engine's.
func WithSQLMaxBytes(n int) SQLStoreOption {
	return func(c *sqlStoreConfig) { c.maxBytes = n }
}

// WithSQLOwnedDB hands the *sql.DB over to the store: the store's Close closes it. It is for code that opens a
// database only to keep sessions in it, such as the drivers. On MySQL the store keeps a few prepared statements on
// each connection of such a database, which saves round trips.
func WithSQLOwnedDB() SQLStoreOption {
	return func(c *sqlStoreConfig) { c.ownsDB = true }
}
