// Package sqlite opens session stores in SQLite files, without cgo. Importing it teaches session.ParseStoreURL the
// scheme "sqlite":
//
//	sqlite:///var/lib/app/sessions.db        absolute path
//	sqlite:sessions.db                       relative to the working directory when the store is opened
//	sqlite:sessions.db?synchronous=normal    with a parameter
//
// # Parameters
//
//   - synchronous=full (the default): what was acknowledged survives a power loss.
//   - synchronous=normal: what was acknowledged survives the death of the process, but the last moments before a power
//     loss or a crash of the operating system may be missing. Lone writes are several times faster.
//   - table=name: the table, "vango_sessions" unless given.
//
// Anything else is an error.
//
// # Files
//
// A new database is readable by its owner only (mode 0600), as are the -wal and -shm files SQLite puts beside it; the
// mode of one that exists is left alone. The directory must exist: a missing one is more likely a typing error or a
// file system that is not mounted than a wish. The file must be on a local file system.
// The database is in WAL mode with a busy timeout, and several processes of one machine may share it.
//
// There is no database in memory; the scheme "memory" is for that.
package sqlite
