package session

import (
	"context"
	"database/sql"
	"fmt"
)

// sqlTables is what a dialect knows about the store's two tables.
type sqlTables interface {
	// create returns what creates the tables and their indexes unless they exist, for one transaction. The table of
	// sessions is the last to appear where the engine has no transactions for this, so that where it is, all is.
	create() []statement
	// createUsers is the part of create that makes the table of users.
	createUsers() []statement
	// probe and probeUsers ask for the columns of the tables, and for none of their rows.
	probe() statement
	probeUsers() statement
	// exists selects a row if there is such a table.
	exists(name tableName) statement
	// lossy selects the names of columns in which a table made by hand may lose what a session has, with up to so many
	// bytes of data (-1: any number). No text is for an engine whose columns lose nothing.
	lossy(maxBytes int) statement
	// migrate changes what is there to what create makes. It is the one that does so by itself: the dialects have
	// little in common here.
	migrate(ctx context.Context, db *sql.DB) error
}

// CreateTable creates the table of sessions, the table of the user index and their indexes. If the table of sessions
// exists, whoever made it, it does nothing, and needs no right to create anything; Migrate brings such a table up to
// date, and a log entry names the columns that need it lest sessions lose data. Many processes may call it at once.
func (s *SQLStore) CreateTable(ctx context.Context) error {
	ctx, done, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer done()
	return s.failed("create table", s.createTable(ctx))
}

func (s *SQLStore) createTable(ctx context.Context) error {
	if err := s.runner.connect(ctx); err != nil {
		return err // and do not wait as long for the next connection
	}
	if s.ask(ctx, s.dialect.probe()) == nil {
		s.warnOfTable(ctx)
		return nil
	}
	switch exists, err := s.exists(ctx, s.table); {
	case err != nil:
		return err
	case exists: // since just now, or unusable all along
		return s.ask(ctx, s.dialect.probe())
	}
	if err := s.usersFit(ctx); err != nil {
		return err
	}
	if _, err := s.runner.run(ctx, s.dialect.create()...); err != nil {
		if s.ask(ctx, s.dialect.probe()) == nil {
			return nil // another process was faster
		}
		return err
	}
	if err := s.ask(ctx, s.dialect.probe()); err != nil {
		return err
	}
	return s.ask(ctx, s.dialect.probeUsers())
}

// usersFit reports what has the name of the table of users, and is something else.
func (s *SQLStore) usersFit(ctx context.Context) error {
	users := s.table.users()
	if exists, err := s.exists(ctx, users); err != nil || !exists {
		return err
	}
	return usersMisnamed(users, s.ask(ctx, s.dialect.probeUsers()))
}

// usersMisnamed words the error of a probe of a table of users that exists.
func usersMisnamed(users tableName, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("the table %s has the name of the user index's and does not serve as it: %w", users.quoted(`"`), err)
}

// ask runs a query for its error alone.
func (s *SQLStore) ask(ctx context.Context, query statement) error {
	return s.runner.read(ctx, query, func(*sql.Rows) error { return nil })
}

func (s *SQLStore) exists(ctx context.Context, name tableName) (bool, error) {
	found := false
	err := s.runner.read(ctx, s.dialect.exists(name), func(*sql.Rows) error {
		found = true
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("look for the table: %w", err)
	}
	return found, nil
}

func probeSessions(table string) statement {
	return statement{text: `SELECT id, data, expires_at, created_at, updated_at FROM ` + table + ` WHERE 1 = 0`}
}

func probeUsers(table string) statement {
	return statement{text: `SELECT session_id, user_sum, expires_at FROM ` + table + ` WHERE 1 = 0`}
}
