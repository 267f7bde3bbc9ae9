package live

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/limpet-go/limpet/session"
)

const (
	comeBackWhenFull = 5 * time.Second // until some user may have left
	mostSpread       = 5 * time.Second
)

// sendAway tells a client whose session was not resumed when to come back, if that is known: in an outage it tries again
// by its own clock. The log says why.
func (h *Host) sendAway(s *socket, id string, err error) {
	reason := "store"
	var overloaded *session.OverloadedError
	switch {
	case errors.As(err, &overloaded): // the manager has said so in the log
		s.comeBack(spread(overloaded.RetryAfter))
		return
	case errors.Is(err, session.ErrManagerStopped), errors.Is(err, context.Canceled):
		return
	case errors.Is(err, session.ErrMaxSessionsReached):
		s.comeBack(spread(comeBackWhenFull))
		reason = "limit"
	}
	h.log.Warn(eventNotResumed, "reason", reason, "session", session.HashID(id), "error", err)
}

// spread adds a random time to one that many may be told, so that not all come back at once.
func spread(after time.Duration) time.Duration { return after + rand.N(min(after, mostSpread)+1) }

// comeBack tells the client of a socket that has no tab when to come back.
func (s *socket) comeBack(after time.Duration) {
	out := newOutbox()
	out.comeBack(after.Milliseconds())
	s.flush(out)
}
