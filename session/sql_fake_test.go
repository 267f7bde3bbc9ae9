package session

import (
	"bytes"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
)

// fakeSQL is a database that records what it is asked and answers what a test says.
type fakeSQL struct {
	// answer, when set, is called for every statement, one at a time, and may fail or block it.
	answer func(ctx context.Context, text string) error
	value  []byte // what queries return
	// rows, when set, makes what a query returns in place of value.
	rows func(args []driver.NamedValue) [][]driver.Value
	// changed, when set, says how many rows a statement changed; else it is one.
	changed func() int64

	// prepare, when set, is called for every statement that is prepared, and may fail it.
	prepare func(text string) error

	mu    sync.Mutex
	texts []string
	data  [][]byte // the data of each statement, read when it was answered
}

// open returns a database of this driver, closed when the test ends.
func (f *fakeSQL) open(t testing.TB) *sql.DB {
	t.Helper()
	db := sql.OpenDB(f)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// said returns the first words of all statements so far, in order.
func (f *fakeSQL) said() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.texts)
}

func (f *fakeSQL) ask(ctx context.Context, text string) error {
	word, _, _ := strings.Cut(text, " ")
	f.mu.Lock()
	f.texts = append(f.texts, word)
	f.mu.Unlock()
	if f.answer == nil {
		return nil
	}
	return f.answer(ctx, text)
}

func (f *fakeSQL) Connect(context.Context) (driver.Conn, error) { return fakeConn{f}, nil }
func (f *fakeSQL) Driver() driver.Driver                        { return fakeDriver{} }

type fakeDriver struct{}

func (fakeDriver) Open(string) (driver.Conn, error) { return nil, errors.New("opened by name") }

type fakeConn struct{ *fakeSQL }

func (c fakeConn) Close() error              { return nil }
func (c fakeConn) Begin() (driver.Tx, error) { return nil, errors.New("no context") }
func (c fakeConn) Prepare(text string) (driver.Stmt, error) {
	if c.prepare != nil {
		if err := c.prepare(text); err != nil {
			return nil, err
		}
	}
	return fakeStmt{c, text}, nil
}
func (c fakeConn) CheckNamedValue(*driver.NamedValue) error { return nil }
func (c fakeConn) BeginTx(ctx context.Context, _ driver.TxOptions) (driver.Tx, error) {
	return fakeTx{c}, c.ask(ctx, "begin")
}

func (c fakeConn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	err := c.ask(ctx, text)
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, arg := range args {
		if data, ok := arg.Value.([]byte); ok {
			c.data = append(c.data, bytes.Clone(data))
		}
	}
	if c.changed != nil {
		return driver.RowsAffected(c.changed()), err
	}
	return driver.RowsAffected(1), err
}

func (c fakeConn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	if err := c.ask(ctx, text); err != nil {
		return nil, err
	}
	if c.rows != nil {
		return &fakeRows{rows: c.rows(args)}, nil
	}
	if c.value != nil {
		return &fakeRows{rows: [][]driver.Value{{c.value}}}, nil
	}
	return &fakeRows{}, nil
}

type fakeTx struct{ fakeConn }

func (tx fakeTx) Commit() error   { return tx.ask(context.Background(), "commit") }
func (tx fakeTx) Rollback() error { return tx.ask(context.Background(), "rollback") }

type fakeStmt struct {
	fakeConn
	text string
}

func (s fakeStmt) NumInput() int { return -1 }

func (s fakeStmt) Exec([]driver.Value) (driver.Result, error) { return nil, errors.New("no context") }
func (s fakeStmt) Query([]driver.Value) (driver.Rows, error)  { return nil, errors.New("no context") }

func (s fakeStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	return s.fakeConn.ExecContext(ctx, s.text, args)
}

func (s fakeStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	return s.fakeConn.QueryContext(ctx, s.text, args)
}

type fakeRows struct{ rows [][]driver.Value }

func (r *fakeRows) Columns() []string {
	if len(r.rows) == 0 {
		return []string{"data"}
	}
	return make([]string, len(r.rows[0]))
}

func (r *fakeRows) Close() error { return nil }

// Next ends with an error if a row has one in place of its values.
func (r *fakeRows) Next(row []driver.Value) error {
	if len(r.rows) == 0 {
		return io.EOF
	}
	next := r.rows[0]
	r.rows = r.rows[1:]
	if err, ok := next[0].(error); ok {
		return err
	}
	copy(row, next)
	return nil
}

// The shapes of drivers' errors.
type (
	methodCode   int                         // modernc's sqlite.Error
	fieldCode    struct{ Code fieldCodeInt } // mattn's sqlite3.Error
	fieldCodeInt int
	sqlStateErr  string                  // pgconn.PgError
	mysqlErr     struct{ Number uint16 } // mysql.MySQLError
	temporary    bool                    // ncruces' sqlite3.Error
)

func (e methodCode) Code() int         { return int(e) }
func (e methodCode) Error() string     { return "code by method" }
func (e fieldCode) Error() string      { return "code in a field" }
func (e sqlStateErr) SQLState() string { return string(e) }
func (e sqlStateErr) Error() string    { return "state by method" }
func (e *mysqlErr) Error() string      { return "number in a field" }
func (e temporary) Temporary() bool    { return bool(e) }
func (e temporary) Error() string      { return "temporary" }
