package session

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"time"
)

// sqlUsers builds the statements of the user index. Users go by the sum of their ID.
type sqlUsers interface {
	// setUser inserts or updates the entry of a session; of the row it uses all but data.
	setUser(row sqlRow, user string) statement
	// unsetUser deletes the entry of a session.
	unsetUser(id string) statement
	// userPage selects the IDs of a user's sessions after an ID, in ascending order.
	userPage(user, after string, limit int) statement
	// infos selects, as scan does, of 1 to batchRows sessions.
	infos(ids []string, now time.Time) statement
	// endedUsers selects at most sweepRows session IDs of entries that have ended, and whether there is a row of the
	// session, live or not.
	endedUsers(now time.Time) statement
	// keepUsers prolongs entries, of those among 1 to batchRows sessions that have a row, to a day after that ends.
	keepUsers(ids []string, now time.Time) statement
	// dropUsers deletes the entries of 1 to batchRows sessions, if they have ended.
	dropUsers(ids []string, now time.Time) statement
}

// userGrace is how long an entry outlives what SetUser was told. It rides out an outage in which a session's row
// expires before the session is saved again.
const userGrace = 24 * time.Hour

// SetUser says whose session this is. The entry holds for a day longer than expiresAt, and while the session is
// live. It needs the table of users, which CreateTable and Migrate make. See UserIndex for the contract.
func (s *SQLStore) SetUser(ctx context.Context, sessionID, userID string, expiresAt time.Time) error {
	ctx, done, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer done()
	if !validID(sessionID) {
		return ErrInvalidSessionID
	}
	st := s.dialect.unsetUser(sessionID)
	if userID != "" {
		st = s.dialect.setUser(userRow(sessionID, expiresAt, time.Now()), userSum(userID))
	}
	_, err = s.runner.run(ctx, st)
	return s.indexFailed(ctx, "set user", err)
}

// userRow ends at once for a time that is long past: the session may be live all the same.
func userRow(id string, expiresAt, now time.Time) sqlRow {
	row, ahead := newSQLRow(id, SessionData{ExpiresAt: expiresAt.Add(userGrace)}, now)
	if !ahead {
		row.expiresAt, row.left = now, 0
	}
	return row
}

// userSum is what the index holds instead of a user's ID: of one length and alphabet, which every collation compares
// byte for byte, and no copy of what may be an e-mail address.
func userSum(userID string) string {
	sum := sha256.Sum256([]byte(userID))
	return hex.EncodeToString(sum[:])
}

// UserSessions lists the user's live sessions. See UserIndex for the contract.
func (s *SQLStore) UserSessions(ctx context.Context, userID string) ([]SessionInfo, error) {
	ctx, done, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	var live []SessionInfo
	err = s.eachUserPage(ctx, userID, func(ids []string) error {
		page := sqlPage{limit: len(ids), now: time.Now().Truncate(time.Millisecond)}
		err := s.runner.read(ctx, s.dialect.infos(ids, page.now), page.take)
		live = append(live, page.live...)
		return err
	})
	if err != nil {
		return nil, s.indexFailed(ctx, "list user's sessions", err)
	}
	return live, nil
}

// RevokeUser deletes the user's sessions in bounded steps, each by itself. The IDs it returns include those of
// sessions that ended up to a day ago. See UserIndex for the contract.
//
// A session that is live when the call begins, and whose entry SetUser has written by then, does not escape: every
// page of the index is a statement of its own, so that no snapshot is older than the call, and deleting waits for
// a save under way. The entries hold for a day longer than the sessions would have.
func (s *SQLStore) RevokeUser(ctx context.Context, userID string) ([]string, error) {
	ctx, done, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	var revoked []string
	err = s.eachUserPage(ctx, userID, func(ids []string) error {
		if _, err := s.runner.run(ctx, s.dialect.keepUsers(ids, time.Now())); err != nil {
			return err
		}
		if _, err := s.runner.run(ctx, s.dialect.remove(ids)); err != nil {
			return err
		}
		revoked = append(revoked, ids...)
		return nil
	})
	return revoked, s.indexFailed(ctx, "revoke user", err)
}

// eachUserPage calls a function with all sessions of a user, ended or not, up to batchRows at a time.
func (s *SQLStore) eachUserPage(ctx context.Context, userID string, do func(ids []string) error) error {
	if userID == "" {
		return nil
	}
	user, limit, after := userSum(userID), s.dialect.batchRows(), ""
	for {
		var ids []string
		err := s.runner.read(ctx, s.dialect.userPage(user, after, limit), func(rows *sql.Rows) error {
			ids = append(ids, "")
			return rows.Scan(&ids[len(ids)-1])
		})
		if err != nil || len(ids) == 0 {
			return err
		}
		if err := do(ids); err != nil {
			return err
		}
		if after = ids[len(ids)-1]; len(ids) < limit {
			return nil
		}
	}
}

// indexFailed is failed for the user index. It says so when the cause is that the table of users is missing.
func (s *SQLStore) indexFailed(ctx context.Context, what string, err error) error {
	if err == nil || ctx.Err() != nil || !s.open.Load() {
		return s.failed(what, err)
	}
	if found, lookErr := s.exists(ctx, s.table.users()); lookErr == nil && !found {
		return fmt.Errorf("session: %s: the table of users is missing: run Migrate: %w", what, err)
	}
	return s.failed(what, err)
}
