package live

import (
	"errors"
	"log/slog"
	"strings"

	"github.com/limpet-go/limpet/session"
)

// shutdownError says why a shutdown failed. A logger looks for a LogValue at the error that it is given and not at those
// inside, hence this type: it logs the unsaved sessions as the *session.NotSavedError in it does.
type shutdownError struct{ cause error }

func (e *shutdownError) Error() string {
	return "live: shut down: " + strings.ReplaceAll(e.cause.Error(), "\n", "; ")
}

// Unwrap returns the cause.
func (e *shutdownError) Unwrap() error { return e.cause }

// LogValue is the error's text and, of sessions that were not saved, how many they are and their hashes.
func (e *shutdownError) LogValue() slog.Value {
	var unsaved *session.NotSavedError
	if !errors.As(e.cause, &unsaved) {
		return slog.StringValue(e.Error())
	}
	return slog.GroupValue(slog.String("text", e.Error()), slog.Any("unsaved", unsaved))
}
