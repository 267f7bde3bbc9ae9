package live

import (
	"context"
	"log/slog"

	"github.com/limpet-go/limpet/session"
)

// What a host writes to its logger, beside what its session manager does: stable texts, listed with their attributes in
// docs/operations.md. A session is named by session.HashID. The texts of errors that the application returns, or panics
// with, are its own, and are written as they are.
const (
	eventSocketRefused      = "live: socket refused"
	eventNotAttached        = "live: session not attached"
	eventNotResumed         = "live: session not resumed"
	eventPageNotMounted     = "live: page not mounted"
	eventPageNotRendered    = "live: page not rendered"
	eventPositionalSignals  = "live: signals without setup.Key lose their values when another is declared before them"
	eventNotPersisted       = "live: state that is not persisted"
	eventUserNotChanged     = "live: user not changed"
	eventUnknownInput       = "live: unknown event"
	eventHandlerFailed      = "live: event failed"
	eventHandlerPanicked    = "live: event panicked"
	eventInputSetAside      = "live: input set aside after it ended the process again and again"
	eventAttemptNotNoted    = "live: attempt not noted"
	eventFinalStateNotTaken = "live: final state not taken"
)

// event logs what happened to the tab's session.
func (t *tab) event(level slog.Level, event string, attrs ...slog.Attr) {
	attrs = append(attrs, slog.String("session", session.HashID(t.session.ID())))
	t.host.log.LogAttrs(context.Background(), level, event, attrs...)
}
