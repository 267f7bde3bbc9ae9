package live

import (
	"context"
	"fmt"
	"html/template"
	"strconv"

	"github.com/limpet-go/limpet"
	"github.com/limpet-go/limpet/setup"
)

// Mount sets a page up for one connection: it declares the session's state and returns the view of it. It runs
// once for every GET, on a session that is thrown away, and once for every attach and resume, on the session's
// loop. It must declare the same state each time and must not wait for anything slow.
type Mount func(s *setup.Scope) View

// View is what a mounted page shows and does. It belongs to the session's loop.
type View struct {
	// Template renders the whole HTML document, which must hold <script defer src="?limpet=js"></script>.
	Template *template.Template

	// Data returns what the template is executed with. It runs on the loop, after each batch of events; nil
	// means no data.
	Data func() any

	// On holds the handler of each event by name. It must not change once Mount returned.
	On map[string]Handler
}

// Handler applies an event to the session's state, on the session's loop. An error, or a panic, is logged; the
// event counts as applied either way, so whatever the handler did before it stays. The text of an error, and of an error
// or a string that it panics with, is logged as it is, and should not hold what is the user's; of any other value only
// the type is.
type Handler func(e *Event) error

// Event is something the user did. It is valid until the handler returns.
type Event struct {
	// Name is the event's name, one of View.On.
	Name string

	values  map[string]string
	session *limpet.Session
	ctx     context.Context
	ended   bool
}

// Value returns one of the event's values, which come from the browser and may be anything; "" if there is none.
func (e *Event) Value(key string) string { return e.values[key] }

// Int returns a value that must be a decimal integer.
func (e *Event) Int(key string) (int, error) {
	n, err := strconv.Atoi(e.values[key])
	if err != nil {
		return 0, fmt.Errorf("live: value %q of event %q is not an integer", key, e.Name)
	}
	return n, nil
}

// Session returns the session that the event is for. It may be kept for its Dispatch.
func (e *Event) Session() *limpet.Session { return e.session }

// Context ends when a shutdown does not wait any longer, not when the connection breaks: an event that was taken
// is finished.
func (e *Event) Context() context.Context { return e.ctx }

// End ends the session on purpose once the handler returned, as at a logout: its state is removed here and in the
// store, and the browser loads the page anew.
func (e *Event) End() { e.ended = true }
