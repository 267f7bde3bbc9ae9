package session

import (
	"context"

	"github.com/limpet-go/limpet/internal/lifecycle"
	"github.com/limpet-go/limpet/internal/persist"
)

// OnReconnect resumes a session within LoadTimeout, and connects it.
//
// A session in memory comes back with its newest state, connected. One that only the store has comes back as
// (nil, state, nil): it is connected by the Register that follows within a minute, which is no new session to
// MaxSessionsPerIP. A connected one is taken over. The errors are those of Resume.
func (m *Manager) OnReconnect(sessionID string) (*ManagedSession, []byte, error) {
	if sess, data, ok := m.reconnectHere(sessionID); ok {
		return sess, data, nil
	}
	a, err := m.resume(sessionID, "", m.loadContext)
	if err != nil {
		return nil, nil, err
	}
	data := a.Data()
	m.mu.Lock()
	defer m.unlock()
	if !a.current() {
		return nil, nil, m.superseded(a)
	}
	rec := a.conn.rec
	if rec.state == lifecycle.Borrowed {
		m.move(rec, lifecycle.Release)
		m.reserved.add(rec.name(), rec.data, m.now(), m.cfg.MaxDetachedBytes)
		return nil, data, nil
	}
	m.move(rec, lifecycle.Connect)
	m.settle(a.conn)
	sess := m.describe(rec)
	return &sess, data, nil
}

// Resume lets another connection have a session: one that is detached here or in the store, or a connected one,
// which is a takeover. The session is held, and counts as connected, until Attachment.Connect, Detach or Release.
//
// Unsaved state in this process beats what the store has. The errors, matched with errors.Is: ErrSessionNotFound
// (nobody has it, or the ID is none), ErrSessionExpired (this process saw its window end), ErrSessionRemoved,
// ErrSessionConnected (it cannot be taken over since no state of it is known), ErrMaxSessionsReached, ErrOverloaded
// (too many wait for the store: an *OverloadedError says when to try again), ErrManagerStopped, the context's error,
// or the store's: an outage is never ErrSessionNotFound.
func (m *Manager) Resume(ctx context.Context, sessionID string) (*Attachment, error) {
	return m.ResumeFrom(ctx, sessionID, "")
}

// ResumeFrom is Resume for a client at an address. While many wait for the store addresses take turns. Those that asked
// for sessions which the store does not have are slowed down, all together to 64 loads in a tenth of a second, so that
// they slow nobody else down; that ends when one is found, or ten seconds after the address's last resume. Addresses are
// compared as for MaxSessionsPerIP. Those without one (an empty ip) share the turns of one address, but have no limit
// of their own and are not held to have asked in vain.
func (m *Manager) ResumeFrom(ctx context.Context, sessionID, ip string) (*Attachment, error) {
	return m.resume(sessionID, ip, func() (context.Context, context.CancelFunc) { return ctx, func() {} })
}

// loadContext is for callers that bring no context.
func (m *Manager) loadContext() (context.Context, context.CancelFunc) {
	if m.cfg.LoadTimeout < 0 {
		return context.Background(), func() {}
	}
	return context.WithTimeout(context.Background(), m.cfg.LoadTimeout)
}

// resume is ResumeFrom; the context is made only if there is something to wait for.
func (m *Manager) resume(id, ip string, newContext func() (context.Context, context.CancelFunc)) (*Attachment, error) {
	if !validID(id) {
		return nil, ErrSessionNotFound
	}
	outcome := ResumedHere
	a, wait, err := m.tryResume(id, ip, outcome)
	if wait == nil {
		return a, err
	}
	ctx, cancel := newContext()
	defer cancel()
	for ; wait != nil; a, wait, err = m.tryResume(id, ip, outcome) {
		var took bool
		if a, took, err = wait(ctx, outcome); a != nil || err != nil {
			break
		}
		if took {
			outcome = ResumedByTakeover
		}
	}
	if err != nil && outcome == ResumedByTakeover {
		m.keepLimits()
	}
	return a, err
}

// keepLimits evicts what a takeover left detached that did not end in a resume.
func (m *Manager) keepLimits() {
	m.mu.Lock()
	defer m.unlock()
	m.shrink()
}

// step is something to wait for, outside the lock. It ends with the resumed session, or an error, or neither: then
// the resume is tried again, and took says whether an older connection was ended.
type step func(ctx context.Context, outcome ResumeOutcome) (a *Attachment, took bool, err error)

// tryResume resumes a session if that needs no waiting, else it says what to wait for.
func (m *Manager) tryResume(id, ip string, outcome ResumeOutcome) (*Attachment, step, error) {
	m.mu.Lock()
	defer m.unlock()
	if m.phase != running {
		return nil, nil, ErrManagerStopped
	}
	rec := m.live(id, m.now())
	switch {
	case rec == nil && m.removed(id):
		return nil, nil, ErrSessionRemoved
	case rec == nil:
		return m.resumeUnknown(id, ip, outcome)
	case rec.state.Attached():
		return nil, m.takeover(rec), nil
	case rec.data == nil && m.pipe != nil && !m.knowUnsaved(rec):
		wait, err := m.load(id, ip)
		return nil, wait, err
	}
	return m.hold(rec, outcome, lifecycle.Resume), nil, nil
}

// resumeUnknown resumes what is not in memory but may be on its way to the store, or there.
func (m *Manager) resumeUnknown(id, ip string, outcome ResumeOutcome) (*Attachment, step, error) {
	g := m.graves.find(id, m.now())
	unsaved := m.unsaved(id) // asked once: what is on its way may arrive at any moment
	switch {
	case g != nil && (g.stale || m.pipe == nil), m.lapsed(id, unsaved):
		return nil, nil, ErrSessionExpired
	case m.pipe == nil || m.window() == 0:
		return nil, nil, ErrSessionNotFound
	case unsaved.Op != persist.Save:
		wait, err := m.load(id, ip)
		return nil, wait, err
	}
	if err := m.room(); err != nil {
		return nil, nil, err
	}
	m.graves.forget(id)
	rec := m.newRecord(id, lifecycle.Absent, client{})
	m.knowWrite(rec, unsaved)
	return m.hold(rec, outcome, lifecycle.Fetch), nil, nil
}

// lapsed reports whether a session ended before the store took what is on its way there, and remembers it: what the store
// has of the session, and until when, is not what it should have.
func (m *Manager) lapsed(id string, unsaved persist.Write) bool {
	if unsaved.Op == persist.None || unsaved.Op == persist.Delete || unsaved.Expires.After(m.mu.time()) {
		return false
	}
	m.graves.expire(id, true, m.now(), m.memory())
	return true
}

// unsaved is what is on its way to the store, if anything.
func (m *Manager) unsaved(id string) persist.Write {
	if m.pipe == nil {
		return persist.Write{}
	}
	return m.pipe.Lookup(id)
}

// knowUnsaved takes the state that is on its way to the store for the newest one, if there is any.
func (m *Manager) knowUnsaved(rec *record) bool {
	w := m.unsaved(rec.id)
	if w.Op != persist.Save {
		return false
	}
	m.knowWrite(rec, w)
	return true
}

func (m *Manager) knowWrite(rec *record, w persist.Write) {
	m.know(rec, w.Data)
	rec.seq = w.Seq
}

// hold gives a detached session to a new connection that has not said Connect yet. It stays in the queue of
// windows, so that Release gives it back with the one it had.
func (m *Manager) hold(rec *record, outcome ResumeOutcome, event lifecycle.Event) *Attachment {
	if event == lifecycle.Fetch && outcome == ResumedHere {
		outcome = ResumedFromStore
	}
	c := &connection{}
	m.link(rec, c, event)
	return &Attachment{m: m, conn: c, id: rec.name(), outcome: outcome, data: rec.data}
}
