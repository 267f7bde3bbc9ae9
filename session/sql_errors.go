package session

import (
	"context"
	"database/sql/driver"
	"errors"
	"net"
	"reflect"
)

// sqlFault says what can be done about a database's error. The core imports no driver, so it knows drivers' errors
// by their documented shape, never by their text: a method where the driver has one (SQLState of pgx and lib/pq,
// Code of modernc's sqlite, Temporary of ncruces'), else a field (Number of go-sql-driver's MySQLError, Code of
// mattn's sqlite3.Error).
type sqlFault int

const (
	faultOther    sqlFault = iota // unknown, or nothing to be done
	faultConflict                 // rolled back because of other transactions: may be tried again
	faultRow                      // the database refused these values: other rows may pass
)

// serverFault judges an error of PostgreSQL or MySQL.
func serverFault(err error) sqlFault {
	var postgres interface{ SQLState() string }
	if errors.As(err, &postgres) {
		return postgresFault(postgres.SQLState())
	}
	if number, ok := errorField(err, "Number"); ok {
		return mysqlFault(number)
	}
	return faultOther
}

// hungUp reports whether an error may be that of a connection that MySQL ended while a statement was being sent: it has
// not said anything, it was there to be connected to, and nobody's time was up.
func hungUp(err error) bool {
	if _, said := errorField(err, "Number"); said {
		return false
	}
	for _, other := range []error{driver.ErrBadConn, context.DeadlineExceeded, context.Canceled} {
		if errors.Is(err, other) {
			return false
		}
	}
	var op *net.OpError
	return !errors.As(err, &op) || op.Op != "dial"
}

func postgresFault(state string) sqlFault {
	switch state {
	case "40001", "40P01": // serialization failure, deadlock
		return faultConflict
	case "P0001": // raised by a trigger
		return faultRow
	}
	if len(state) == 5 && (state[:2] == "22" || state[:2] == "23" || state[:2] == "54") {
		return faultRow // bad data, constraint, over a limit of the engine
	}
	return faultOther
}

func mysqlFault(number int64) sqlFault {
	switch number {
	case 1205, 1213, 1020: // lock wait timeout, deadlock, snapshot conflict
		return faultConflict
	case 1153, 1264, 1292, 1366, 1406, 1441, 1644, 3819, 4025: // too large, bad values, constraints, triggers
		return faultRow
	}
	return faultOther
}

// sqliteFault judges an error of SQLite by its primary result code.
func sqliteFault(err error) sqlFault {
	code, ok := sqliteCode(err)
	if !ok {
		var e interface{ Temporary() bool }
		if errors.As(err, &e) && e.Temporary() {
			return faultConflict
		}
		return faultOther
	}
	switch code & 0xff {
	case 5, 6: // SQLITE_BUSY, SQLITE_LOCKED
		return faultConflict
	case 18, 19, 20: // SQLITE_TOOBIG, SQLITE_CONSTRAINT, SQLITE_MISMATCH
		return faultRow
	}
	return faultOther
}

func sqliteCode(err error) (int64, bool) {
	var e interface{ Code() int }
	if errors.As(err, &e) {
		return int64(e.Code()), true
	}
	return errorField(err, "Code")
}

// errorField finds the first error, along all branches of the chain, that is a struct with an integer field of this name.
func errorField(err error, name string) (int64, bool) {
	if err == nil {
		return 0, false
	}
	if n, ok := integerField(err, name); ok {
		return n, true
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		return errorField(e.Unwrap(), name)
	case interface{ Unwrap() []error }:
		for _, branch := range e.Unwrap() {
			if n, ok := errorField(branch, name); ok {
				return n, true
			}
		}
	}
	return 0, false
}

func integerField(err error, name string) (int64, bool) {
	v := reflect.Indirect(reflect.ValueOf(err))
	if v.Kind() != reflect.Struct {
		return 0, false
	}
	switch f := v.FieldByName(name); {
	case !f.IsValid():
	case f.CanInt():
		return f.Int(), true
	case f.CanUint():
		return int64(f.Uint()), true
	}
	return 0, false
}
