package live

import (
	"context"
	"log/slog"
	"time"

	"github.com/limpet-go/limpet"
)

const (
	// maxAttempts is how often an input may kill the process.
	maxAttempts = 3

	// noteTimeout is how long a re-sent input waits for the store before it is applied without a note.
	noteTimeout = 2 * time.Second
)

// progress is how far the client's inputs are applied. It is saved in the same bytes as the state that they
// made, so the two can never disagree.
type progress struct {
	Applied uint64 `cbor:"1,keyasint"` // every input up to this one is applied
	Attempt uint64 `cbor:"2,keyasint"` // the input that is being tried again
	Noted   uint64 `cbor:"3,keyasint"` // how many attempts at it are noted
	What    uint64 `cbor:"4,keyasint"` // its fingerprint: a number alone may be given to another input
}

// SchemaID keeps the identity of the stored form when the type is renamed.
func (progress) SchemaID() string { return "limpet.live/progress" }

var progressKey = limpet.NewSessionKey[progress]("limpet.live")

// applyBatch applies an input and some of those that wait behind it, until the loop is to end.
func (t *tab) applyBatch(in input) {
	for more := maxInputs; ; more-- {
		t.apply(in)
		if more == 0 || t.isEnding() {
			return
		}
		var ok bool
		select {
		case in, ok = <-t.inputs:
			if !ok {
				t.end(endGone)
				return
			}
		default:
			return
		}
	}
}

func (t *tab) isEnding() bool {
	select {
	case <-t.ending:
		return true
	default:
		return false
	}
}

// apply applies a numbered input unless it was applied before. A number that leaves a gap is a protocol error:
// inputs in between would be lost.
func (t *tab) apply(in input) {
	switch next := t.progress.Applied + 1; {
	case in.malformed:
		t.end(endProtocol)
		return
	case in.Seq == 0:
		t.handle(in)
		return
	case in.Seq < next:
		return
	case in.Seq > next:
		t.end(endProtocol)
		return
	}
	if !in.Again || t.mayTry(in) {
		t.handle(in)
	}
	t.progress.Applied = in.Seq
	t.dirty = true
}

// handle runs the event's handler. Whatever comes of it, the event is over then.
func (t *tab) handle(in input) {
	handler := t.view.On[in.Name]
	if handler == nil {
		t.event(slog.LevelWarn, eventUnknownInput, slog.String("event", in.Name), slog.String("path", t.session.Route()))
		return
	}
	t.changed = true
	e := &Event{Name: in.Name, values: in.V, session: t.session, ctx: t.host.ctx}
	t.guard(in.Name, func() error { return handler(e) })
	if e.ended {
		t.removed = true
		t.end(endEnded)
	}
}

// mayTry reports whether a re-sent input may be tried again, and notes the attempt durably first: an input that
// kills the process leaves nothing but its notes. The very first attempt was not noted.
func (t *tab) mayTry(in input) bool {
	p := &t.progress
	if what := in.fingerprint(); p.Attempt != in.Seq || p.What != what {
		p.Attempt, p.What, p.Noted = in.Seq, what, 0
	}
	if p.Noted+1 >= maxAttempts {
		t.event(slog.LevelError, eventInputSetAside, slog.String("event", in.Name), slog.Uint64("attempts", p.Noted+1))
		return false
	}
	p.Noted++
	if t.noteless {
		return true
	}
	ctx, cancel := context.WithTimeout(t.onLoop(t.host.ctx), noteTimeout)
	defer cancel()
	if err := t.host.manager.Sync(ctx, t.session.ID()); err != nil {
		t.noteless = true // an outage must not hold up each of them
		t.event(slog.LevelWarn, eventAttemptNotNoted, slog.Any("error", err))
	}
	return true
}
