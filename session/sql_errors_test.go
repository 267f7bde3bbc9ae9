package session

import (
	"errors"
	"fmt"
	"io"
	"testing"
)

func TestServerFaults(t *testing.T) {
	for _, c := range []struct {
		err  error
		want sqlFault
	}{
		{sqlStateErr("40001"), faultConflict},
		{sqlStateErr("40P01"), faultConflict},
		{sqlStateErr("22001"), faultRow},
		{sqlStateErr("23514"), faultRow},
		{sqlStateErr("P0001"), faultRow},
		{sqlStateErr("57P01"), faultOther},
		{sqlStateErr(""), faultOther},
		{&mysqlErr{1213}, faultConflict},
		{&mysqlErr{1205}, faultConflict},
		{errors.Join(&mysqlErr{1213}, io.EOF), faultConflict}, // and the rollback failed
		{fmt.Errorf("commit: %w", errors.Join(io.EOF, &mysqlErr{1406})), faultRow},
		{errors.Join(sqlStateErr("40001"), io.EOF), faultConflict},
		{&mysqlErr{1406}, faultRow},
		{&mysqlErr{1045}, faultOther},
		{(*mysqlErr)(nil), faultOther},
		{io.EOF, faultOther},
		{temporary(true), faultOther}, // a network's: the outcome is unknown
		{errors.New("deadlock detected, Error 1213"), faultOther},
	} {
		checkFault(t, serverFault, c.err, c.want)
	}
}

func TestSQLiteFaults(t *testing.T) {
	for _, c := range []struct {
		err  error
		want sqlFault
	}{
		{methodCode(5), faultConflict},
		{methodCode(6), faultConflict},
		{methodCode(5 | 2<<8), faultConflict}, // SQLITE_BUSY_SNAPSHOT
		{methodCode(19 | 7<<8), faultRow},     // SQLITE_CONSTRAINT_TRIGGER
		{methodCode(18), faultRow},
		{methodCode(13), faultOther}, // SQLITE_FULL
		{fieldCode{5}, faultConflict},
		{errors.Join(io.EOF, fieldCode{5}), faultConflict},
		{fieldCode{19}, faultRow},
		{temporary(true), faultConflict},
		{temporary(false), faultOther},
		{errors.New("database is locked (5) (SQLITE_BUSY)"), faultOther},
	} {
		checkFault(t, sqliteFault, c.err, c.want)
	}
}

func checkFault(t *testing.T, judge func(error) sqlFault, err error, want sqlFault) {
	t.Helper()
	if got := judge(err); got != want {
		t.Errorf("%#v: fault %d, want %d", err, got, want)
	}
	if got := judge(fmt.Errorf("driver: %w", err)); got != want {
		t.Errorf("%#v wrapped: fault %d, want %d", err, got, want)
	}
}
