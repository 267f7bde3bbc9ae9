package session

import (
	"cmp"
	"context"
	"errors"
	"time"
)

// SaveAll writes a batch in ID order, in bounded steps. Sessions that cannot be written, because their ID is
// invalid, their data too large or the database refuses them, do not keep the others from being written. Its error
// is a *NotSavedError that names those not written, or not known to be.
func (s *SQLStore) SaveAll(ctx context.Context, sessions map[string]SessionData) error {
	ctx, done, err := s.begin(ctx)
	if err != nil {
		return batchError(sessions, err)
	}
	defer done()
	good, failed, refused := sortBatch(sessions, s.maxBytes)
	var cause error // the first of its kind: an outage fails every step alike
	for len(good) > 0 && ctx.Err() == nil && s.open.Load() {
		n := batchStep(good, sessions, s.dialect.batchRows())
		bad, err := s.saveStep(ctx, good[:n], sessions)
		failed, cause = append(failed, bad...), cmp.Or(cause, err)
		good = good[n:]
	}
	if len(good) > 0 {
		failed, cause = append(failed, good...), cmp.Or(cause, ctx.Err())
	}
	return batchFailed(s.open.Load(), failed, errors.Join(refused, cause))
}

// SaveAllAtomic writes every session of a batch in one transaction, or none; its error is then a *NotSavedError
// that names them all.
func (s *SQLStore) SaveAllAtomic(ctx context.Context, sessions map[string]SessionData) error {
	ctx, done, err := s.begin(ctx)
	if err != nil {
		return batchError(sessions, err)
	}
	defer done()
	good, _, cause := sortBatch(sessions, s.maxBytes)
	if cause != nil {
		return notSaved(sessions, cause)
	}
	var all []statement
	for rest := good; len(rest) > 0; {
		n := batchStep(rest, sessions, s.dialect.batchRows())
		all = append(all, s.saveStatements(rest[:n], sessions)...)
		rest = rest[n:]
	}
	if len(all) == 0 {
		return nil
	}
	if err = s.runner.atomically(ctx, all...); err == nil {
		return nil
	}
	return batchFailed(s.open.Load(), good, err)
}

// saveStep writes some sessions. If the database refuses them together, it tries the halves, down to single
// sessions, so that one bad row fails alone. It returns the IDs that were not written, with one of the causes.
func (s *SQLStore) saveStep(ctx context.Context, ids []string, sessions map[string]SessionData) ([]string, error) {
	_, err := s.runner.run(ctx, s.saveStatements(ids, sessions)...)
	if err == nil {
		return nil, nil
	}
	if len(ids) == 1 || !s.runner.refused(err) || ctx.Err() != nil || !s.open.Load() {
		return ids, err
	}
	half := len(ids) / 2
	bad, err := s.saveStep(ctx, ids[:half], sessions)
	more, err2 := s.saveStep(ctx, ids[half:], sessions)
	return append(bad[:len(bad):len(bad)], more...), cmp.Or(err, err2)
}

// saveStatements writes the live sessions and deletes those that have already expired.
func (s *SQLStore) saveStatements(ids []string, sessions map[string]SessionData) []statement {
	now := time.Now()
	var rows []sqlRow
	var expired []string
	for _, id := range ids {
		if row, live := newSQLRow(id, sessions[id], now); live {
			rows = append(rows, row)
		} else {
			expired = append(expired, id)
		}
	}
	var all []statement
	if len(rows) > 0 {
		all = append(all, s.dialect.save(rows, now))
	}
	if len(expired) > 0 {
		all = append(all, s.dialect.remove(expired))
	}
	return all
}
