package session

import (
	"context"
	"errors"
	"slices"
	"time"
)

// SaveAll writes a batch in bounded steps, of which a server gets two at a time; each step writes its rows in ID
// order, so that callers cannot lock each other out. Sessions that cannot be written, because their ID is
// invalid, their data too large or the database refuses them, do not keep the others from being written. Its error
// is a *NotSavedError that names those not written, or not known to be.
func (s *SQLStore) SaveAll(ctx context.Context, sessions map[string]SessionData) error {
	ctx, done, err := s.begin(ctx)
	if err != nil {
		return batchError(sessions, err)
	}
	defer done()
	good, failed, refused := sortBatch(sessions, s.maxBytes)
	size := func(ids []string) int { return s.saveSize(ids, sessions) }
	bad, cause := s.inSteps(ctx, good, size, func(ids []string) error {
		return s.saveStep(ctx, ids, sessions)
	})
	return batchFailed(s.open.Load(), append(failed, bad...), errors.Join(refused, cause))
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
	all := s.atomicStatements(good, sessions)
	if len(all) == 0 {
		return nil
	}
	if err = s.runner.atomically(ctx, all...); err == nil {
		return nil
	}
	return batchFailed(s.open.Load(), good, err)
}

// atomicStatements lock rows in ID order over the whole batch. Sessions that have already expired are written with the
// others, empty and as what has just expired, and deleted in the end: nobody sees them, or waits for their rows alone.
func (s *SQLStore) atomicStatements(ids []string, sessions map[string]SessionData) []statement {
	now := time.Now()
	var all []statement
	var expired []string
	for rest := ids; len(rest) > 0; {
		n := s.saveSize(rest, sessions)
		var rows []sqlRow
		for _, id := range rest[:n] {
			row, live := newSQLRow(id, sessions[id], now)
			if !live {
				row = sqlRow{id: id, data: []byte{}, expiresAt: now}
				expired = append(expired, id)
			}
			rows = append(rows, row)
		}
		all = append(all, s.dialect.save(rows, now))
		rest = rest[n:]
	}
	if len(expired) == len(ids) {
		all = nil // deleting them keeps the order too
	}
	for step := range slices.Chunk(expired, s.dialect.batchRows()) {
		all = append(all, s.dialect.remove(step))
	}
	return all
}

// saveSize is how many of these sessions one statement saves.
func (s *SQLStore) saveSize(ids []string, sessions map[string]SessionData) int {
	return batchStepWithin(s.dialect.batchBytes(), ids, sessions, s.dialect.batchRows())
}

// saveStep writes some sessions. Its statements are not one transaction: each locks rows in ID order, both together
// would not.
func (s *SQLStore) saveStep(ctx context.Context, ids []string, sessions map[string]SessionData) error {
	for _, st := range s.saveStatements(ids, sessions) {
		if _, err := s.runner.run(ctx, st); err != nil {
			return err
		}
	}
	return nil
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
