package session

import (
	"fmt"
	"log/slog"
)

// maxLoggedUnsaved bounds the sessions that a log line about unsaved ones names.
const maxLoggedUnsaved = 100

// NotSavedError names the sessions of a batch, or of a shutdown, that are not in the store.
type NotSavedError struct {
	// SessionIDs are whole IDs, bearer secrets in ascending order: for the program, and never part of the
	// error's text or of a log line.
	SessionIDs []string

	// Err is the cause, or several of them joined.
	Err error
}

func (e *NotSavedError) Error() string {
	return fmt.Sprintf("session: %d sessions not saved: %v", len(e.SessionIDs), e.Err)
}

// Unwrap returns the cause.
func (e *NotSavedError) Unwrap() error { return e.Err }

// LogValue is what a log line says of the error: how many sessions were not saved, why, and the HashID of each, of at
// most the first 100.
func (e *NotSavedError) LogValue() slog.Value {
	cause := ""
	if e.Err != nil {
		cause = e.Err.Error()
	}
	return slog.GroupValue(
		slog.Int("sessions", len(e.SessionIDs)),
		slog.String("cause", cause),
		slog.Any("hashes", e.hashes()),
	)
}

func (e *NotSavedError) hashes() []string {
	ids := e.SessionIDs[:min(len(e.SessionIDs), maxLoggedUnsaved)]
	hashes := make([]string, len(ids))
	for i, id := range ids {
		hashes[i] = HashID(id)
	}
	return hashes
}
