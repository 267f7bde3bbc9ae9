package session

import (
	"slices"

	"github.com/limpet-go/limpet/internal/lifecycle"
)

// ResumeOutcome says where a resumed session came from.
type ResumeOutcome int

const (
	// ResumedHere means that the session was detached in this process.
	ResumedHere ResumeOutcome = iota + 1

	// ResumedFromStore means that only the store had it, or the queue to it.
	ResumedFromStore

	// ResumedByTakeover means that an older connection was ended for it.
	ResumedByTakeover
)

// String returns the outcome in words.
func (o ResumeOutcome) String() string {
	switch o {
	case ResumedHere:
		return "resumed here"
	case ResumedFromStore:
		return "resumed from the store"
	case ResumedByTakeover:
		return "resumed by takeover"
	}
	return "not resumed"
}

// Attachment is one connection's hold on a session. Once another connection took the session over, or the session
// was removed, it is superseded: its methods change nothing any more. They are safe for use by many goroutines.
type Attachment struct {
	m       *Manager
	conn    *connection
	id      string
	outcome ResumeOutcome
	data    []byte // what it was resumed with, until Connect
}

// Outcome says how the session was resumed; it is zero for a session that came in through Attach.
func (a *Attachment) Outcome() ResumeOutcome { return a.outcome }

// Data returns a copy of the newest known state: after Resume what the session is to be restored from, nil if it
// never had any. After Connect it may be nil because only the store has it.
func (a *Attachment) Data() []byte {
	return slices.Clone(a.newest())
}

// newest returns bytes that nobody changes.
func (a *Attachment) newest() []byte {
	a.m.mu.Lock()
	defer a.m.unlock()
	if a.current() && a.conn.rec.data != nil {
		return a.conn.rec.data
	}
	return a.data
}

// Session returns a copy of the session's description; only the ID of one that is superseded.
func (a *Attachment) Session() ManagedSession {
	found, ok := a.look()
	if !ok {
		return ManagedSession{ID: a.id}
	}
	return found.session(a.id)
}

func (a *Attachment) look() (view, bool) {
	a.m.mu.Lock()
	defer a.m.unlock()
	if a.current() {
		return a.m.view(a.conn.rec), true
	}
	return view{}, false
}

// Connect completes a resume: sess describes the new connection (its ID may be empty; a zero CreatedAt keeps the
// one that is known). From then on the session is kept alive in the store. MaxSessionsPerIP and
// MaxSessionsPerUser never refuse it. The errors: ErrSessionRemoved, ErrSessionConnected when the attachment was
// superseded or is connected already, ErrSessionNotFound after Detach or Release, ErrInvalidSessionID when sess
// has another ID, ErrManagerStopped.
func (a *Attachment) Connect(sess ManagedSession) error {
	m := a.m
	arrived := m.arrivalOf(&sess)
	m.mu.Lock()
	defer m.unlock()
	switch {
	case m.phase != running:
		return ErrManagerStopped
	case sess.ID != "" && sess.ID != a.id:
		return ErrInvalidSessionID
	case !a.current():
		return m.superseded(a)
	case !m.move(a.conn.rec, lifecycle.Connect):
		return ErrSessionConnected
	}
	m.connect(a.conn, arrived)
	a.data = nil
	return nil
}

// Detach ends the connection and hands over its final state, like Manager.OnDisconnect; it does nothing when the
// attachment is superseded.
func (a *Attachment) Detach(data []byte) {
	m := a.m
	final := m.contentOf(slices.Clone(data))
	m.mu.Lock()
	defer m.unlock()
	if a.current() {
		m.detach(a.conn.rec, final)
	} else if a.conn.released {
		a.conn.released = false
		m.saveUnknown(a.id, final.data)
	}
}

// Release gives back a session between Resume and Connect as if it had not been resumed: nothing is written,
// extended or deleted, and its window ends when it would have. After Connect it is Detach(nil).
func (a *Attachment) Release() {
	m := a.m
	m.mu.Lock()
	defer m.unlock()
	switch {
	case !a.current():
	case a.conn.rec.state == lifecycle.Connected:
		m.detach(a.conn.rec, content{})
	default:
		m.giveBack(a.conn.rec)
	}
}

// current reports whether the attachment has its session still.
func (a *Attachment) current() bool { return a.m.isCurrent(a.conn) }

// superseded says why an attachment has its session no longer.
func (m *Manager) superseded(a *Attachment) error {
	if rec := m.live(a.id, m.now()); rec != nil && rec.state.Attached() {
		return ErrSessionConnected
	}
	if m.removed(a.id) {
		return ErrSessionRemoved
	}
	return ErrSessionNotFound
}

// giveBack makes a held session what it was before.
func (m *Manager) giveBack(rec *record) {
	m.move(rec, lifecycle.Release)
	if rec.state != lifecycle.Detached {
		return
	}
	if rec.windowEnd() <= m.now() {
		m.expire(rec)
		return
	}
	m.shrink()
	m.wakeForSweep()
}
