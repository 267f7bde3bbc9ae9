package session

import (
	"context"
	"strconv"
	"time"
)

// TouchAll moves the expiries of live sessions, in ID order and bounded steps; a past one removes its session. See
// BatchStore for the contract.
func (s *SQLStore) TouchAll(ctx context.Context, expiries map[string]time.Time) error {
	ids := make([]string, 0, len(expiries))
	for id := range expiries {
		ids = append(ids, id)
	}
	ids = namedSessions(ids)
	ctx, done, err := s.beginBatch(ctx, ids)
	if err != nil {
		return err
	}
	defer done()
	return s.undone(s.inSteps(ctx, ids, upTo(s.dialect.batchRows()), func(ids []string) error {
		return s.touchStep(ctx, ids, expiries)
	}))
}

func (s *SQLStore) touchStep(ctx context.Context, ids []string, expiries map[string]time.Time) error {
	now := time.Now()
	var rows []sqlRow
	var expired []string
	for _, id := range ids {
		if row, live := newSQLRow(id, SessionData{ExpiresAt: expiries[id]}, now); live {
			rows = append(rows, row)
		} else {
			expired = append(expired, id)
		}
	}
	if len(rows) > 0 {
		if _, err := s.runner.run(ctx, s.dialect.touchAll(rows, now)...); err != nil {
			return err
		}
	}
	if len(expired) > 0 {
		_, err := s.runner.run(ctx, s.dialect.remove(expired))
		return err
	}
	return nil
}

// touchAll locks the rows in ID order before it changes any, as an UPDATE with a join would not.
func (d *postgresDialect) touchAll(rows []sqlRow, _ time.Time) []statement {
	var ids, lefts []string
	for _, row := range rows {
		ids = append(ids, row.id)
		lefts = append(lefts, strconv.FormatInt(row.milliseconds(), 10))
	}
	return []statement{{
		text: `UPDATE ` + d.table + ` AS t SET expires_at = clock_timestamp() + b.left_ms * interval '1 millisecond', updated_at = now()` +
			` FROM (SELECT s.id, u.left_ms` +
			` FROM unnest(string_to_array($1::text, ' '), string_to_array($2::text, ' ')::bigint[]) AS u(id, left_ms)` +
			` JOIN ` + d.table + ` AS s ON s.id = u.id WHERE s.expires_at > clock_timestamp()` +
			` ORDER BY s.id COLLATE "C" FOR NO KEY UPDATE OF s) AS b WHERE t.id = b.id`,
		args: []any{spaced(ids), spaced(lefts)},
	}}
}

// touchAll goes along the primary key, and so in ID order: the index on expires_at, which it changes, would have
// another.
func (d *mysqlDialect) touchAll(rows []sqlRow, _ time.Time) []statement {
	args := make([]any, 0, 3*len(rows))
	for _, row := range rows {
		args = append(args, row.id)
	}
	ids := args
	for _, row := range rows {
		args = append(args, 1000*row.milliseconds())
	}
	places := repeated("?", len(rows))
	return []statement{{
		text: `UPDATE ` + d.table + ` FORCE INDEX (PRIMARY) SET expires_at = DATE_ADD(UTC_TIMESTAMP(3), INTERVAL` +
			` ELT(FIELD(id, ` + places + `), ` + places + `) MICROSECOND), updated_at = UTC_TIMESTAMP(3)` +
			` WHERE id IN (` + places + `) AND expires_at > UTC_TIMESTAMP(3) ORDER BY id`,
		args:  append(args, ids...),
		fixed: d.fixed(len(rows)),
	}}
}

// touchAll is one text many times, which the writer prepares once.
func (d *sqliteDialect) touchAll(rows []sqlRow, now time.Time) []statement {
	all := make([]statement, 0, len(rows))
	for _, row := range rows {
		all = append(all, d.touch(row, now))
	}
	return all
}
