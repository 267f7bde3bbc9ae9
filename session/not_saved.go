package session

import (
	"log/slog"
	"strconv"
	"strings"
)

// maxLoggedUnsaved bounds the sessions that a log line about unsaved ones names.
const maxLoggedUnsaved = 100

// NotSavedError names the sessions of a batch, or of a shutdown, that are not in the store.
type NotSavedError struct {
	// SessionIDs are whole IDs, bearer secrets in ascending order: for the program, and never part of the
	// error's text or of a log line. Do not print the error with %#v or marshal it, which would show them.
	SessionIDs []string

	// Err is the cause, or several of them joined.
	Err error
}

func (e *NotSavedError) Error() string {
	return "session: " + sessions(len(e.SessionIDs)) + " not saved" + because(e.Err)
}

// Unwrap returns the cause.
func (e *NotSavedError) Unwrap() error { return e.Err }

// LogValue is what a log line says of the error: how many sessions were not saved, why, and the HashID of each, of at
// most the first 100.
func (e *NotSavedError) LogValue() slog.Value {
	return slog.GroupValue(
		slog.Int("sessions", len(e.SessionIDs)),
		slog.String("cause", onOneLine(e.Err)),
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

// sessions is a number of them in words.
func sessions(n int) string {
	if n == 1 {
		return "1 session"
	}
	return strconv.Itoa(n) + " sessions"
}

// because is what a text about sessions says of the cause, if that is known.
func because(err error) string {
	if err == nil {
		return ""
	}
	return ": " + onOneLine(err)
}

// onOneLine is an error's text, that of several joined ones with "; " between them. No error has an empty one.
func onOneLine(err error) string {
	if err == nil {
		return ""
	}
	return strings.ReplaceAll(err.Error(), "\n", "; ")
}
