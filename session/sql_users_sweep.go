package session

import (
	"context"
	"database/sql"
	"time"
)

// sweepUsers goes through the entries of the user index that have ended, in small batches. One whose session has a
// row is prolonged to a day after that row ends, so that the next look at it comes late; the others go. It does
// nothing where there is no table of users.
func (s *SQLStore) sweepUsers(ctx context.Context) error {
	if found, err := s.lookFor(ctx, s.table.users()); err != nil || !found {
		return err
	}
	for {
		seen, changed, err := s.sweepUsersOnce(ctx)
		if err != nil || seen < sweepRows || changed == 0 {
			return err
		}
	}
}

// sweepUsersOnce reads first and locks nothing meanwhile: the statement that deletes looks again whether an entry has
// ended, and a session whose row comes back after both had ended needs SetUser again in any case.
func (s *SQLStore) sweepUsersOnce(ctx context.Context) (seen int, changed int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, sqlCallTimeout)
	defer cancel()
	now := time.Now()
	var keep, drop []string
	err = s.runner.read(ctx, s.dialect.endedUsers(now), func(rows *sql.Rows) error {
		var id string
		var row bool
		if err := rows.Scan(&id, &row); err != nil {
			return err
		}
		if row {
			keep = append(keep, id)
		} else {
			drop = append(drop, id)
		}
		return nil
	})
	if err != nil {
		return 0, 0, err
	}
	kept, err := s.runSteps(ctx, keep, func(ids []string) statement { return s.dialect.keepUsers(ids, now) })
	if err != nil {
		return 0, 0, err
	}
	dropped, err := s.runSteps(ctx, drop, func(ids []string) statement { return s.dialect.dropUsers(ids, now) })
	return len(keep) + len(drop), kept + dropped, err
}
