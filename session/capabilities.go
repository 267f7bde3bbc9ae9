package session

import (
	"context"
	"iter"
	"time"
)

// BatchStore is the optional capability to load, touch and delete many sessions at once. Find it with As. Invalid IDs
// are treated as missing, and naming an ID twice is as good as once. An empty batch does nothing, without I/O.
//
// Work is split into bounded steps; what can be done is done. A call that could not do all of it returns a
// *BatchError, which names the sessions it did not get to, or does not know of.
type BatchStore interface {
	// LoadAll returns the data of the live sessions among these; the missing have no entry. The caller owns the
	// map and what is in it. With an error, the map holds what could be loaded all the same.
	LoadAll(ctx context.Context, sessionIDs []string) (map[string][]byte, error)

	// TouchAll is Touch for each of these. The map is the caller's again when it returned.
	TouchAll(ctx context.Context, expiries map[string]time.Time) error

	// DeleteAll is Delete for each of these.
	DeleteAll(ctx context.Context, sessionIDs []string) error
}

// BatchError names the sessions for which a call of a BatchStore failed.
type BatchError struct {
	// SessionIDs are whole IDs, bearer secrets in ascending order: for the program, and never part of the
	// error's text. Do not print the error with %#v or marshal it, which would show them.
	SessionIDs []string

	// Err is the cause, or several of them joined.
	Err error
}

func (e *BatchError) Error() string {
	return "session: batch failed for " + sessions(len(e.SessionIDs)) + because(e.Err)
}

// Unwrap returns the cause.
func (e *BatchError) Unwrap() error { return e.Err }

// SessionInfo describes a live session in a store.
type SessionInfo struct {
	ID        string    // a bearer secret
	Size      int       // of the data, in bytes
	ExpiresAt time.Time // by this process's clock, to the millisecond
}

// Scanner is the optional capability to list a store's live sessions in pages. Find it with As; Sessions iterates.
type Scanner interface {
	// Scan returns the page that follows cursor, and the cursor of the page after it. The empty cursor is that of
	// the first page; an empty next ends the listing. limit is about how many sessions a page holds: zero or less
	// means 1,000, more than 10,000 means 10,000, and a store may return somewhat more or fewer, or none.
	//
	// A session that is live from the first call to the last is listed, whatever is written meanwhile; one that
	// comes or goes may be. Some stores may list a session twice. A cursor is for the store it came from, for as
	// long as the caller likes; it may hold a session ID, so it is a secret. A malformed one is an error.
	Scan(ctx context.Context, cursor string, limit int) (page []SessionInfo, next string, err error)
}

// scanLimit is the limit of a page that a caller asked for.
func scanLimit(limit int) int {
	if limit <= 0 {
		return 1000
	}
	return min(limit, 10_000)
}

// Sessions iterates over a store's live sessions page by page, under the promises of Scanner. An error ends it.
func Sessions(ctx context.Context, s Scanner) iter.Seq2[SessionInfo, error] {
	return func(yield func(SessionInfo, error) bool) {
		for cursor := ""; ; {
			page, next, err := s.Scan(ctx, cursor, 0)
			if err != nil {
				yield(SessionInfo{}, err)
				return
			}
			for _, info := range page {
				if !yield(info, nil) {
					return
				}
			}
			if next == "" {
				return
			}
			cursor = next
		}
	}
}

// Pinger is the optional capability to say whether the store can serve calls now. Find it with As.
type Pinger interface {
	// Ping makes a round trip to where the sessions are, and needs no more rights than Load.
	Ping(ctx context.Context) error
}

// UserIndex is the optional capability to find the sessions of a user without a scan. Find it with As.
//
// The index is written by SetUser alone; Save and Touch neither change nor need it. An entry holds for as long as the
// session is live, however often it is saved and touched, and until expiresAt for a session that is not saved yet. A
// session that came back after both had ended needs SetUser again. Stores may limit how long an entry holds without
// another SetUser; they say so. What has ended is filtered out when the index is read.
//
// User IDs are compared byte for byte and may be any text but the empty one. Stores on a server keep SHA-256 sums of
// them only.
type UserIndex interface {
	// SetUser says whose session this is, before or after its first Save, in place of what was said earlier.
	// Calling it before the Save leaves no moment in which the session is live and not listed. An empty userID
	// takes the session out of the index. An invalid session ID is ErrInvalidSessionID.
	SetUser(ctx context.Context, sessionID, userID string, expiresAt time.Time) error

	// UserSessions lists the user's live sessions, each once, in no particular order.
	UserSessions(ctx context.Context, userID string) ([]SessionInfo, error)

	// RevokeUser deletes every session of the user and returns the IDs of all that the index named, those not saved
	// yet included. It only reaches the store: hand the IDs to Manager.Remove wherever they may be in memory, else
	// they may be saved again. The entries stay, so that a repeat finds such a session. With an error, the IDs
	// are those that were deleted all the same.
	RevokeUser(ctx context.Context, userID string) (sessionIDs []string, err error)
}
