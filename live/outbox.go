package live

import (
	"sync"
	"time"
)

// outbox holds what a tab is to be told until the writer takes it. It never grows: a newer rendering replaces the
// one that is still waiting, so a slow client sees fewer of them and always the last.
type outbox struct {
	ready chan struct{} // holds a token while there is something to take

	mu        sync.Mutex
	welcome   *welcome
	html      *string
	reconnect *reconnect
	ackDue    bool
	applied   uint64 // newest
	durable   uint64
	savedAt   time.Time // when the newest durable state was taken; zero if this connection knows of none
}

func newOutbox() *outbox { return &outbox{ready: make(chan struct{}, 1)} }

// change applies a change and wakes the writer.
func (o *outbox) change(change func()) {
	o.mu.Lock()
	change()
	o.mu.Unlock()
	select {
	case o.ready <- struct{}{}:
	default:
	}
}

func (o *outbox) greet(m welcome) {
	o.change(func() { o.welcome, o.applied = &m, m.Applied })
}

// show replaces the rendering that waits, if any. It contains the effects of every input up to applied.
func (o *outbox) show(html string, applied uint64) {
	o.change(func() { o.html, o.applied = &html, applied })
}

// progress says how far inputs are applied when the page looks the same.
func (o *outbox) progress(applied uint64) {
	o.mu.Lock()
	same := o.applied == applied
	o.mu.Unlock()
	if !same {
		o.change(func() { o.applied, o.ackDue = applied, true })
	}
}

// saved says that the state as it was then is durable, and with it the inputs up to durable.
func (o *outbox) saved(durable uint64, then time.Time) {
	o.change(func() { o.durable, o.savedAt, o.ackDue = max(o.durable, durable), then, true })
}

// heartbeat makes the writer send something, so that the client sees that the line is alive.
func (o *outbox) heartbeat() { o.change(func() { o.ackDue = true }) }

func (o *outbox) comeBack(afterMs int64) {
	o.change(func() { o.reconnect = &reconnect{T: typeReconnect, AfterMs: afterMs} })
}

// take returns the messages to write now, in order.
func (o *outbox) take() []any {
	o.mu.Lock()
	defer o.mu.Unlock()
	var messages []any
	if o.welcome != nil {
		o.welcome.Durable, o.welcome.AgeMs = o.durable, o.age()
		messages = append(messages, *o.welcome)
	}
	if o.html != nil {
		messages = append(messages, renderMessage{T: typeRender, HTML: *o.html, Applied: o.applied})
	}
	if o.ackDue {
		messages = append(messages, ack{T: typeAck, Applied: o.applied, Durable: o.durable, AgeMs: o.age()})
	}
	if o.reconnect != nil {
		messages = append(messages, *o.reconnect)
	}
	o.welcome, o.html, o.reconnect, o.ackDue = nil, nil, nil, false
	return messages
}

func (o *outbox) age() int64 {
	if o.savedAt.IsZero() {
		return -1
	}
	return max(0, time.Since(o.savedAt).Milliseconds())
}
