package redis

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/limpet-go/limpet/session"
)

const (
	// indexLife is for how long an entry outlives the expiry that SetUser was told: nothing ties it to the session's key.
	indexLife = 30 * 24 * time.Hour

	// indexGrace is for how long an entry stays that has ended, so that it rides out an outage in which the session expired
	// and was saved again.
	indexGrace = 24 * time.Hour

	// maxIndexLife keeps sums of durations in range.
	maxIndexLife = 100 * 365 * 24 * time.Hour
)

// SetUser says whose session this is. An entry holds for 30 days from the latest expiresAt: of a session that is kept
// alive for longer than that by Save and Touch alone, SetUser must be called again at least that often. See
// session.UserIndex for the contract.
//
// It enters the session into the user's set, then writes whose it is to a key of the session's own, which is what counts.
// A call that ends half-way has changed nothing, and the session is not missing from a listing at any moment.
func (s *Store) SetUser(ctx context.Context, sessionID, userID string, expiresAt time.Time) error {
	ctx, done, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer done()
	switch {
	case !validID(sessionID):
		return session.ErrInvalidSessionID
	case userID == "":
		return s.failed(ctx, "set user", s.client.Process(ctx, delCmd(ctx, s.ownerKey(sessionID))))
	}
	return s.failed(ctx, "set user", s.setUser(ctx, sessionID, sumOf(userID), min(left(expiresAt), maxIndexLife)))
}

func (s *Store) setUser(ctx context.Context, id, user string, life time.Duration) error {
	ended, err := s.enter(ctx, user, id, life)
	if err != nil {
		return err
	}
	if err := s.client.Process(ctx, setCmd(ctx, s.ownerKey(id), user, life+indexLife)); err != nil {
		return err
	}
	if records, err := s.lookUp(ctx, sessionsOf(ended), true); err == nil {
		s.settle(ctx, user, ended, records)
	}
	return nil
}

// UserSessions lists the user's live sessions. See session.UserIndex for the contract.
func (s *Store) UserSessions(ctx context.Context, userID string) ([]session.SessionInfo, error) {
	ctx, done, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	user := sumOf(userID)
	entries, now, err := s.entries(ctx, user)
	if err != nil {
		return nil, s.failed(ctx, "user sessions", err)
	}
	records, err := s.lookUp(ctx, sessionsOf(entries), true)
	if err != nil {
		return nil, s.failed(ctx, "user sessions", err)
	}
	s.settle(ctx, user, ended(entries, now), records)
	return infos(owned(records, user)), nil
}

// sumOf is what stands for a user ID.
func sumOf(userID string) string {
	sum := sha256.Sum256([]byte(userID))
	return hex.EncodeToString(sum[:])
}

// userKey is the key of a user's set. Like ownerKey it is longer than that of any session.
func (s *Store) userKey(sum string) string { return s.key("user:" + sum) }

// ownerKey is the key that says whose session this is.
func (s *Store) ownerKey(id string) string { return s.key("user-of:" + sumOf(id)) }
