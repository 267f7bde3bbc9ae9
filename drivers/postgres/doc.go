// Package postgres opens session stores in PostgreSQL databases, through pgx. Importing it teaches session.ParseStoreURL
// the schemes "postgres" and "postgresql":
//
//	postgres://user:password@host:5432/database
//	postgres://user@one:5432,two:5432/database?sslmode=verify-full    the first that takes writes
//	postgres:///database?host=/run/postgresql                         through a socket in that directory
//
// Special characters in the user, the password and the database are percent-encoded. The last of several hosts needs its
// port, and only the parameters can name IPv6 addresses among them. What the URL leaves out is taken
// from libpq's environment variables and files, as psql does: PGPASSWORD, PGPASSFILE or ~/.pgpass, PGHOST, PGUSER,
// PGSSLMODE and so on.
//
// # Parameters
//
// Anything else is an error, and so is one that is given twice.
//
//   - host, port: the server, in place of the part before the path. A host with a slash is the directory of a Unix
//     socket. Several are separated by commas, which is how to name several IPv6 addresses.
//   - table=name or table=schema.name: the table, "vango_sessions" in the search path unless given.
//   - max_conns: how many connections are open at most, 10 unless given. All that are not idle for three minutes are
//     kept, for half an hour each.
//   - sslmode: disable, allow, prefer (the default), require, verify-ca or verify-full. Only verify-full is safe from
//     somebody between; prefer hides the sessions from those who merely listen.
//   - sslrootcert, sslcert, sslkey: files with the authorities to trust ("system" for those of the machine), and a
//     certificate to log in with and its key.
//   - connect_timeout: for each host, in seconds or with a unit as in 500ms, up to an hour; 5 s unless given.
//   - statement_timeout: how long the server works on a statement, in milliseconds or with a unit; the server's own
//     setting unless given. Calls end with their context in any case.
//   - application_name: "limpet" unless given.
//   - search_path: the schemas to look in.
//   - target_session_attrs: which server will do. read-write is the default for several hosts: the first that takes
//     writes, so that a promoted standby is found. primary, or any, the default for one host.
//   - default_query_exec_mode: cache_statement (the default, fastest), cache_describe, describe_exec, exec or
//     simple_protocol. A pool of transactions in between needs exec: PgBouncer before 1.21, or with
//     max_prepared_statements at zero. PgBouncer also refuses statement_timeout and search_path unless told otherwise.
//
// # Rights
//
// The user needs CONNECT on the database, USAGE on the schema and SELECT, INSERT, UPDATE and DELETE on the table and on
// the table of users beside it (named like it, with _users at the end). The first start also needs CREATE on the schema,
// for the tables, unless somebody else makes them: a table that is there is left as it is.
//
// # What an acknowledged write survives
//
// The death of this process and of the server, and a power loss, as PostgreSQL is configured out of the box. With
// synchronous_commit=off on the server, or for the user, a crash may undo the last moments. A standby that is promoted
// lacks what had not reached it; with synchronous replication (synchronous_standby_names) it has all of it.
//
// # Time
//
// Expiry follows the server's clock. The zones of server, session and client do not matter, and neither does the
// isolation level: nothing is set on connections but what the parameters say.
package postgres
