package live

import (
	"context"
	"errors"

	"github.com/coder/websocket"

	"github.com/limpet-go/limpet/session"
)

// ending is how a socket is closed.
type ending struct {
	code   websocket.StatusCode
	reason string // for the client: a fixed text, never one of an error
}

var (
	endGone      = ending{websocket.StatusNormalClosure, ""} // the peer ended it
	endNoCookie  = ending{CloseRefused, "cookie"}
	endNoUser    = ending{CloseRefused, "user"}
	endProtocol  = ending{CloseProtocol, "protocol error"}
	endTakenOver = ending{CloseTakenOver, "taken over"}
	endEnded     = ending{CloseEnded, "ended"}
	endRestart   = ending{websocket.StatusServiceRestart, "restart"}
	endLater     = ending{websocket.StatusTryAgainLater, "try again later"}
	endFull      = ending{websocket.StatusTryAgainLater, "too many sessions"}
	endInternal  = ending{websocket.StatusInternalError, "internal error"}
)

// endingFor returns how to close a socket that failed before its loop ran. What is not known to be the client's
// fault or this page's is an outage: the client tries again.
func endingFor(err error) ending {
	switch {
	case errors.Is(err, errProtocol):
		return endProtocol
	case errors.Is(err, errTakenOver):
		return endTakenOver
	case errors.Is(err, errMount):
		return endInternal
	case errors.Is(err, session.ErrManagerStopped):
		return endRestart
	case errors.Is(err, session.ErrTooManySessionsFromIP), errors.Is(err, session.ErrTooManySessionsForUser),
		errors.Is(err, session.ErrMaxSessionsReached):
		return endFull
	case errors.Is(err, context.Canceled):
		return endGone
	}
	return endLater
}
