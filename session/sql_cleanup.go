package session

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"time"
)

// cleanup deletes what has expired at every interval until ctx ends.
func (s *SQLStore) cleanup(ctx context.Context, interval time.Duration) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := s.sweepTables(ctx); err != nil && ctx.Err() == nil {
			slog.Warn(eventRowsNotDeleted, "error", err)
		}
	}
}

// sweepTables is no failure while there is no table yet. It tries again if the table has come since.
func (s *SQLStore) sweepTables(ctx context.Context) error {
	err := errors.Join(s.sweep(ctx), s.sweepUsers(ctx))
	if err == nil {
		return nil
	}
	switch exists, lookErr := s.lookFor(ctx, s.table); {
	case lookErr != nil:
		return err
	case !exists:
		return nil
	}
	return errors.Join(s.sweep(ctx), s.sweepUsers(ctx))
}

// lookFor is exists with a deadline.
func (s *SQLStore) lookFor(ctx context.Context, name tableName) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, sqlCallTimeout)
	defer cancel()
	return s.exists(ctx, name)
}

// sweep deletes expired rows in small batches, so that other writers get their turn in between. It ends when it has seen
// them all, or only such as others hold.
func (s *SQLStore) sweep(ctx context.Context) error {
	for {
		seen, deleted, err := s.sweepOnce(ctx)
		if err != nil || seen < sweepRows || deleted == 0 {
			return err
		}
	}
}

// sweepOnce deletes by their IDs, in a second statement, the expired rows it saw. One statement that found them by their
// expiry would lock the gaps between them on MySQL, where new sessions may belong, and index entries before rows, which
// saves lock the other way about; on SQLite it would keep writers out for longer.
func (s *SQLStore) sweepOnce(ctx context.Context) (seen int, deleted int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, sqlCallTimeout)
	defer cancel()
	now := time.Now()
	var ids []string
	err = s.runner.read(ctx, s.dialect.expired(now), func(rows *sql.Rows) error {
		ids = append(ids, "")
		return rows.Scan(&ids[len(ids)-1])
	})
	if err != nil {
		return 0, 0, err
	}
	deleted, err = s.runSteps(ctx, ids, func(ids []string) statement { return s.dialect.removeExpired(ids, now) })
	return len(ids), deleted, err
}

// runSteps runs a statement for each of the steps that these IDs make, in ID order, and returns how many rows they
// changed.
func (s *SQLStore) runSteps(ctx context.Context, ids []string, text func(ids []string) statement) (changed int64, err error) {
	slices.Sort(ids)
	for step := range slices.Chunk(ids, s.dialect.batchRows()) {
		n, err := s.runner.run(ctx, text(step))
		if err != nil {
			return changed, err
		}
		changed += n
	}
	return changed, nil
}

func (d *postgresDialect) expired(time.Time) statement {
	return statement{text: `SELECT ` + postgresID + ` FROM ` + d.table + ` WHERE expires_at <= now() ORDER BY expires_at LIMIT ` + strconv.Itoa(sweepRows)}
}

func (d *mysqlDialect) expired(time.Time) statement {
	return statement{text: `SELECT id FROM ` + d.table + ` WHERE expires_at <= UTC_TIMESTAMP(3) ORDER BY expires_at LIMIT ` + strconv.Itoa(sweepRows)}
}

func (d *sqliteDialect) expired(now time.Time) statement {
	return statement{
		text: `SELECT id FROM ` + d.table + ` WHERE expires_at <= ? ORDER BY expires_at LIMIT ` + strconv.Itoa(sweepRows),
		args: []any{sqliteText(now)},
	}
}

// removeExpired leaves out what others hold: they are about to save it.
func (d *postgresDialect) removeExpired(ids []string, _ time.Time) statement {
	return statement{
		text: `DELETE FROM ` + d.table + ` WHERE id = ANY(ARRAY(SELECT id FROM ` + d.table +
			` WHERE id = ANY(string_to_array($1::text, ' ')) AND expires_at <= now() FOR UPDATE SKIP LOCKED)) AND expires_at <= now()`,
		args: []any{spaced(ids)},
	}
}

func (d *mysqlDialect) removeExpired(ids []string, _ time.Time) statement {
	return mysqlRemoveEnded(d.table, "id", ids)
}

// mysqlRemoveEnded goes along the primary key, and so in ID order. Left to itself MySQL reads, and locks, all rows of a
// table with few, or of whose number it knows little. (Hints are for this form of DELETE only, and it has no ORDER BY.)
func mysqlRemoveEnded(table, key string, ids []string) statement {
	return statement{
		text: `DELETE ` + table + ` FROM ` + table + ` FORCE INDEX (PRIMARY) WHERE ` + key + ` IN (` + repeated("?", len(ids)) +
			`) AND expires_at <= UTC_TIMESTAMP(3)`,
		args: anys(ids),
	}
}

func (d *sqliteDialect) removeExpired(ids []string, now time.Time) statement {
	return statement{
		text: `DELETE FROM ` + d.table + ` WHERE id IN (` + repeated("?", len(ids)) + `) AND +expires_at <= ?`,
		args: append(anys(ids), sqliteText(now)),
	}
}
