// Package mysql opens session stores in MySQL and MariaDB databases, through go-sql-driver. Importing it teaches
// session.ParseStoreURL the schemes "mysql" and "mariadb", which are the same:
//
//	mysql://user:password@host:3306/database
//	mysql://user@host/database?tls=true&tls_ca=/etc/app/ca.pem
//	mysql://user@/database?socket=/run/mysqld/mysqld.sock
//
// Special characters in the user, the password and the database are percent-encoded. Without a host it is 127.0.0.1.
//
// # Parameters
//
// Their names are in snake_case. Anything else is an error, and so is one that is given twice.
//
//   - socket: the Unix socket of the server, in place of a host.
//   - table=name or table=database.name: the table, "vango_sessions" unless given.
//   - max_conns: how many connections are open at most, 10 unless given. All that are not idle for three minutes are
//     kept, for half an hour each.
//   - tls: true is TLS with a server whose certificate is verified; preferred is TLS with any server that offers it, else
//     none; false is none. The default is true with tls_ca or tls_cert, false through a socket, else preferred. Only true
//     is safe from somebody between; preferred keeps no more than eavesdroppers out.
//   - tls_ca, tls_cert, tls_key: files with the authorities to trust in place of the machine's, and a certificate to log
//     in with and its key.
//   - connect_timeout: in seconds or with a unit as in 500ms; 5 s unless given.
//   - read_timeout, write_timeout: how long a connection may wait for the server; without end unless given, since calls
//     end with their context in any case. They must exceed what Migrate takes.
//   - application_name: the program_name of the connections' attributes, "limpet" unless given.
//
// # Rights
//
// The user needs SELECT, INSERT, UPDATE and DELETE on the table and on the table of users beside it (named like it, with
// _users at the end). The first start also needs CREATE on the database, for the tables, unless somebody else makes them:
// a table that is there is left as it is.
//
// # What an acknowledged write survives
//
// The death of this process and of the server, and a power loss, as InnoDB is configured out of the box. With
// innodb_flush_log_at_trx_commit other than 1 a crash may undo the last second. A replica that is promoted lacks what had
// not reached it, unless replication is synchronous (Galera, Group Replication); semi-synchronous comes close.
//
// # Time and modes
//
// Expiry follows the server's clock. The zones of server, session and client do not matter, and neither do sql_mode and
// the isolation level, with two exceptions: READ UNCOMMITTED shows others a batch that is half written, and under MariaDB's
// EMPTY_STRING_IS_NULL nothing can be empty. Nothing is set on connections but autocommit. One that refuses a write because its server is
// read-only is closed, so that the next finds the new primary behind the same name.
package mysql
