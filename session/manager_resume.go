package session

import (
	"context"

	"github.com/limpet-go/limpet/internal/persist"
)

// OnReconnect resumes a session with the store's own deadline, and connects it.
//
// A session in memory comes back with its newest state, connected. One that only the store has comes back as
// (nil, state, nil): it is connected by the Register that follows within a minute, which is no new session to
// MaxSessionsPerIP. A connected one is taken over. The errors are those of Resume.
func (m *Manager) OnReconnect(sessionID string) (*ManagedSession, []byte, error) {
	a, err := m.resume(sessionID, loadContext)
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
	if a.conn.fromStore {
		m.drop(rec)
		m.reserved.add(rec.id, rec.data, m.now(), m.cfg.MaxDetachedBytes)
		return nil, data, nil
	}
	m.settle(a.conn)
	sess := m.describe(rec)
	return &sess, data, nil
}

// Resume lets another connection have a session: one that is detached here or in the store, or a connected one,
// which is a takeover. The session is held, and counts as connected, until Attachment.Connect, Detach or Release.
//
// Unsaved state in this process beats what the store has. The errors, matched with errors.Is: ErrSessionNotFound
// (nobody has it, or the ID is none), ErrSessionExpired (this process saw its window end), ErrSessionRemoved,
// ErrSessionConnected (it cannot be taken over since no state of it is known), ErrMaxSessionsReached,
// ErrManagerStopped, the context's error, or the store's: an outage is never ErrSessionNotFound.
func (m *Manager) Resume(ctx context.Context, sessionID string) (*Attachment, error) {
	return m.resume(sessionID, func() (context.Context, context.CancelFunc) { return ctx, func() {} })
}

// resume is Resume; the context is made only if there is something to wait for.
func (m *Manager) resume(id string, newContext func() (context.Context, context.CancelFunc)) (*Attachment, error) {
	if !validID(id) {
		return nil, ErrSessionNotFound
	}
	outcome := ResumedHere
	a, wait, err := m.tryResume(id, outcome)
	if wait == nil {
		return a, err
	}
	ctx, cancel := newContext()
	defer cancel()
	for ; wait != nil; a, wait, err = m.tryResume(id, outcome) {
		var took bool
		if a, took, err = wait(ctx, outcome); a != nil || err != nil {
			return a, err
		}
		if took {
			outcome = ResumedByTakeover
		}
	}
	return a, err
}

// step is something to wait for, outside the lock. It ends with the resumed session, or an error, or neither: then
// the resume is tried again, and took says whether an older connection was ended.
type step func(ctx context.Context, outcome ResumeOutcome) (a *Attachment, took bool, err error)

// tryResume resumes a session if that needs no waiting, else it says what to wait for.
func (m *Manager) tryResume(id string, outcome ResumeOutcome) (*Attachment, step, error) {
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
		return m.resumeUnknown(id, outcome)
	case rec.conn != nil:
		return nil, m.takeover(rec), nil
	case rec.data == nil && m.pipe != nil:
		return nil, m.load(id), nil
	}
	return m.hold(rec, outcome, false), nil, nil
}

// resumeUnknown resumes what is not in memory but may be on its way to the store, or there.
func (m *Manager) resumeUnknown(id string, outcome ResumeOutcome) (*Attachment, step, error) {
	g := m.graves.find(id, m.now())
	unsaved := m.unsaved(id) // asked once: what is on its way may arrive at any moment
	switch {
	case g != nil && (g.stale || m.pipe == nil):
		return nil, nil, ErrSessionExpired
	case m.pipe == nil || m.window() == 0:
		return nil, nil, ErrSessionNotFound
	case unsaved.Op != persist.Save:
		return nil, m.load(id), nil
	}
	if err := m.room(); err != nil {
		return nil, nil, err
	}
	rec := m.newRecord(id, "", "", m.at(m.now()))
	m.knowWrite(rec, unsaved)
	return m.hold(rec, outcome, true), nil, nil
}

// unsaved is what is on its way to the store, if anything.
func (m *Manager) unsaved(id string) persist.Write {
	if m.pipe == nil {
		return persist.Write{}
	}
	return m.pipe.Lookup(id)
}

// knowUnsaved takes the state that is on its way to the store for the newest one.
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
func (m *Manager) hold(rec *record, outcome ResumeOutcome, fromStore bool) *Attachment {
	if fromStore && outcome == ResumedHere {
		outcome = ResumedFromStore
	}
	c := &connection{held: true, fromStore: fromStore}
	m.link(rec, c)
	return &Attachment{m: m, conn: c, id: rec.id, outcome: outcome, data: rec.data}
}
