package session

import (
	"errors"
	"fmt"
	"time"
)

// Outcomes of Manager calls, matched with errors.Is.
var (
	// ErrTooManySessionsFromIP says that an address holds as many connected sessions as it may.
	ErrTooManySessionsFromIP = errors.New("too many sessions from this IP address")

	// ErrMaxSessionsReached says that this process holds as many sessions as it may and none of them is
	// detached, so that none could be evicted.
	ErrMaxSessionsReached = errors.New("maximum session limit reached")

	// ErrSessionExpired says that this process saw the session's resume window end.
	ErrSessionExpired = errors.New("session has expired")

	// ErrSessionNotFound says that no live session has this ID, neither here nor in the store.
	ErrSessionNotFound = errors.New("session not found")

	// ErrManagerStopped says that the manager was shut down.
	ErrManagerStopped = errors.New("session manager is stopped")
)

// Outcomes beyond the ones above.
var (
	// ErrStateLost says that state was given up before the store had it: more waited for the store than
	// ManagerConfig.MaxUnsavedBytes allows.
	ErrStateLost = errors.New("unsaved session state was given up: more waits for the store than MaxUnsavedBytes allows")

	// ErrTooManySessionsForUser says that a user holds as many connected sessions as they may.
	ErrTooManySessionsForUser = errors.New("too many sessions for this user")

	// ErrSessionRemoved says that this process removed the session on purpose: it will not come back. It also
	// matches ErrSessionNotFound.
	ErrSessionRemoved error = removedError{}

	// ErrSessionConnected says that the session is connected and could not be taken over.
	ErrSessionConnected = errors.New("session is already connected")

	// ErrOverloaded says that too many resumes wait for the store. Nothing is known about the session: try again
	// later. The error that matches it is an *OverloadedError, which says when.
	ErrOverloaded = errors.New("too many resumes wait for the store, try again later")

	// ErrInvalidSessionID says that an ID is not 1 to 64 bytes of printable ASCII.
	ErrInvalidSessionID = errors.New("session: invalid session ID: want 1 to 64 bytes of printable ASCII without spaces")

	// ErrSessionTooLarge says that session data exceeds a limit; the error that matches it is a *SizeError.
	ErrSessionTooLarge = errors.New("session: session data too large")
)

type removedError struct{}

func (removedError) Error() string        { return "session was removed" }
func (removedError) Is(target error) bool { return target == ErrSessionNotFound }

// ErrStoreClosed is returned by every method of a closed store.
type ErrStoreClosed struct{}

func (e ErrStoreClosed) Error() string { return "session store is closed" }

// SessionNotFoundError names a session that does not exist, for code that needs a type. Stores do not use it:
// their Load returns (nil, nil). It matches ErrSessionNotFound.
type SessionNotFoundError struct {
	// SessionID is the whole ID, a bearer secret: it is for the program, and never part of the error's text.
	SessionID string
}

func (e SessionNotFoundError) Error() string { return ErrSessionNotFound.Error() }

// Is makes the error match ErrSessionNotFound.
func (e SessionNotFoundError) Is(target error) bool { return target == ErrSessionNotFound }

// SizeError says by how much session data exceeds a limit. It matches ErrSessionTooLarge.
type SizeError struct {
	Size  int // in bytes
	Limit int // in bytes
}

func (e *SizeError) Error() string {
	return fmt.Sprintf("session: session data too large: %d bytes exceed the limit of %d", e.Size, e.Limit)
}

// Is makes the error match ErrSessionTooLarge.
func (e *SizeError) Is(target error) bool { return target == ErrSessionTooLarge }

// OverloadedError says that a resume was refused, or had waited for too long, because others wait for the store. It
// matches ErrOverloaded.
type OverloadedError struct {
	// RetryAfter is when to try again, as far as can be told: when half of what waits now has had its turn. Whoever passes it on adds a
	// random spread, so that not all come at once.
	RetryAfter time.Duration
}

func (e *OverloadedError) Error() string {
	return fmt.Sprintf("session: resume: too many wait for the store, try again in %v", e.RetryAfter)
}

// Is makes the error match ErrOverloaded.
func (e *OverloadedError) Is(target error) bool { return target == ErrOverloaded }
