package session

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// sqlCallTimeout is the deadline of calls whose context has none.
const sqlCallTimeout = 30 * time.Second

// SQLStore is a SessionStore in a table of PostgreSQL, MySQL, MariaDB or SQLite, through any database/sql driver.
// CreateTable makes the table, and beside it the one of the user index, whose name is the table's with "_users" after it
// (a hash, if that is too long). A table made by hand needs these columns, in the dialect's own types:
//
//	CREATE TABLE vango_sessions (
//	    id VARCHAR(64) PRIMARY KEY,
//	    data BYTEA NOT NULL,
//	    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
//	    created_at TIMESTAMP WITH TIME ZONE DEFAULT NOW(),
//	    updated_at TIMESTAMP WITH TIME ZONE DEFAULT NOW()
//	);
//	CREATE INDEX idx_vango_sessions_expires ON vango_sessions(expires_at);
//
// It then serves all but the user index, which Migrate adds, while it mends what such tables tend to have: on MySQL, IDs
// that are compared without regard to case, data cut off at 64 KiB, expiries of whole seconds that end in 2038.
//
// Expiry follows the database server's clock, on SQLite this process's. On SQLite the store's writes take turns,
// and those that wait for each other share a transaction; a lone one goes straight through. SQLITE_BUSY is ridden
// out until the call's context ends, whatever pragmas the connection has. Deadlocks and serialization failures are
// retried a few times; nothing else is. A call whose context has no deadline gets one of 30 seconds. A write that
// fails because its context ended, or the connection broke, may have happened all the same.
//
// It is safe for concurrent use. A nil or zero SQLStore behaves as a closed one; make stores with NewSQLStore and
// end them with Close.
type SQLStore struct {
	open     atomic.Bool
	flaw     error // what was wrong with the options; every method returns it
	db       *sql.DB
	dialect  sqlDialect
	table    tableName
	runner   sqlRunner
	maxBytes int
	ownsDB   bool

	stop     context.CancelFunc // ends the goroutines
	running  sync.WaitGroup
	warned   sync.Once
	closing  sync.Once
	closeErr error
}

// sqlRunner runs statements, retrying what is safe to retry. Several run in one transaction. The number is that of
// the rows the last of them changed.
type sqlRunner interface {
	run(ctx context.Context, statements ...statement) (int64, error)
	// atomically runs all or nothing of them, whatever the engine does with a statement that fails half-way.
	atomically(ctx context.Context, statements ...statement) error
	// read runs a query and gives its rows to a function, each once, until that fails.
	read(ctx context.Context, query statement, row func(*sql.Rows) error) error
	// refused reports whether the database refused the values of a row, or so many of them, and would take others.
	refused(ctx context.Context, err error) bool
	// connect returns an error if no connection to a server can be made.
	connect(ctx context.Context) error
	// atOnce is how many steps of a batch may be under way at a time.
	atOnce() int
}

// NewSQLStore returns a store on db and starts its goroutines; Close stops them. It never fails and does no I/O: a
// nil db or a wrong option is the error of every method. The table must exist, or be made with CreateTable. The
// connections of db must commit each statement by itself, as they do unless told otherwise: see WithSQLDialect.
func NewSQLStore(db *sql.DB, opts ...SQLStoreOption) *SQLStore {
	c := newSQLStoreConfig(opts)
	s := &SQLStore{db: db, maxBytes: c.maxBytes, ownsDB: c.ownsDB && db != nil}
	s.open.Store(true)
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	s.table, s.dialect, s.flaw = newSQLDialect(c.dialect, c.table)
	if db == nil {
		s.flaw = errors.New("session: sql store: nil database")
	}
	if s.flaw != nil {
		return s
	}
	if c.dialect == DialectSQLite {
		w := newSQLiteWriter(db)
		s.runner = w
		s.running.Go(func() { w.loop(ctx) })
	} else {
		s.runner = newServerRunner(db, c.dialect, c.ownsDB)
	}
	if c.cleanupInterval > 0 {
		s.running.Go(func() { s.cleanup(ctx, c.cleanupInterval) })
	}
	return s
}

// Save writes data until expiresAt. See SessionStore for the contract.
func (s *SQLStore) Save(ctx context.Context, sessionID string, data []byte, expiresAt time.Time) error {
	ctx, done, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer done()
	if err := checkSave(sessionID, data, s.maxBytes); err != nil {
		return err
	}
	_, err = s.runner.run(ctx, s.saveOne(sessionID, SessionData{Data: data, ExpiresAt: expiresAt}))
	return s.failed("save", err)
}

// saveOne is an upsert, or a delete for a session that has already expired.
func (s *SQLStore) saveOne(id string, data SessionData) statement {
	now := time.Now()
	row, live := newSQLRow(id, data, now)
	if !live {
		return s.dialect.remove([]string{id})
	}
	return s.dialect.save([]sqlRow{row}, now)
}

// Load returns a session's data, or nil and no error when it is missing or has expired.
func (s *SQLStore) Load(ctx context.Context, sessionID string) ([]byte, error) {
	ctx, done, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	if !validID(sessionID) {
		return nil, nil
	}
	var data []byte
	err = s.runner.read(ctx, s.dialect.load(sessionID, time.Now()), func(rows *sql.Rows) error {
		err := rows.Scan(&data)
		data = notNil(data)
		return err
	})
	if err != nil {
		return nil, s.failed("load", err)
	}
	return data, nil
}

// Delete removes a session; removing a missing one is not an error.
func (s *SQLStore) Delete(ctx context.Context, sessionID string) error {
	ctx, done, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer done()
	if !validID(sessionID) {
		return nil
	}
	_, err = s.runner.run(ctx, s.dialect.remove([]string{sessionID}))
	return s.failed("delete", err)
}

// Touch moves the expiry of a live session. A past expiresAt removes it.
func (s *SQLStore) Touch(ctx context.Context, sessionID string, expiresAt time.Time) error {
	ctx, done, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer done()
	if !validID(sessionID) {
		return nil
	}
	now := time.Now()
	st := s.dialect.remove([]string{sessionID})
	if row, live := newSQLRow(sessionID, SessionData{ExpiresAt: expiresAt}, now); live {
		st = s.dialect.touch(row, now)
	}
	_, err = s.runner.run(ctx, st)
	return s.failed("touch", err)
}

// Close stops the store's goroutines and waits for them. Calls that are still under way may fail. It closes the
// database only if it was handed over with WithSQLOwnedDB. A repeat waits too and returns the same.
func (s *SQLStore) Close() error {
	if s == nil || s.stop == nil {
		return nil
	}
	s.closing.Do(func() {
		s.open.Store(false)
		s.stop()
		s.running.Wait()
		if s.ownsDB {
			s.closeErr = s.db.Close()
		}
	})
	if s.closeErr != nil {
		return fmt.Errorf("session: close sql store: %w", s.closeErr)
	}
	return nil
}

// begin opens every call: it refuses those the store cannot serve and gives the others a deadline.
func (s *SQLStore) begin(ctx context.Context) (context.Context, context.CancelFunc, error) {
	return s.beginWithin(ctx, sqlCallTimeout)
}

func (s *SQLStore) beginWithin(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc, error) {
	if s == nil || !s.open.Load() {
		return nil, nil, ErrStoreClosed{}
	}
	if s.flaw != nil {
		return nil, nil, s.flaw
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, fmt.Errorf("session: sql store: %w", err)
	}
	if _, ok := ctx.Deadline(); ok {
		return ctx, func() {}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	return ctx, cancel, nil
}

// failed wraps the error of a call. A call that Close overtook says so.
func (s *SQLStore) failed(what string, err error) error {
	if err == nil {
		return nil
	}
	if !s.open.Load() {
		return ErrStoreClosed{}
	}
	return fmt.Errorf("session: %s: %w", what, err)
}

var _ interface {
	SessionStore
	AtomicKVStore
	BatchStore
	Scanner
	Pinger
	UserIndex
} = (*SQLStore)(nil)
