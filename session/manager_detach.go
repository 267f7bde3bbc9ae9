package session

import (
	"log/slog"
	"slices"
	"strings"

	"github.com/limpet-go/limpet/internal/lifecycle"
	"github.com/limpet-go/limpet/internal/persist"
)

// OnDisconnect ends a session's connection and hands over its final state, which is copied and saved write-behind.
// nil data mean that nothing is newer than what the manager has. From now on the session can be resumed for
// ResumeWindow.
//
// Handing over the state of a session that is detached already replaces it and moves no deadline. That of one
// the manager does not know is saved and logged, unless this process removed it or saw it expire.
//
// It cannot tell an old connection of a session from a newer one: Attachment.Detach can.
func (m *Manager) OnDisconnect(sessionID string, serializedData []byte) {
	if !validID(sessionID) {
		return
	}
	state := m.contentOf(slices.Clone(serializedData))
	m.mu.Lock()
	defer m.unlock()
	m.outdate(sessionID)
	rec := m.live(sessionID, m.now())
	switch {
	case rec == nil:
		m.saveUnknown(sessionID, state.data)
	case rec.state.Attached():
		m.detach(rec, state)
	case state.data != nil:
		m.replace(rec, state)
	}
}

// detach ends a session's connection. The final state, unless it is nil, is the manager's.
func (m *Manager) detach(rec *record, final content) {
	m.letGo(rec, final)
	m.shrink()
}

// letGo is detach without eviction, for a session that is about to be connected again.
func (m *Manager) letGo(rec *record, final content) {
	m.move(rec, lifecycle.Disconnect)
	rec.lastActive = m.now()
	if final.data != nil && !rec.has(final) {
		m.acceptLogged(rec, final)
	} else if final.data != nil && rec.data == nil {
		m.keep(rec, final.data) // the store has it, and a resume need not ask for it
	}
	if m.window() == 0 {
		m.expire(rec)
		return
	}
	m.extend(rec, rec.windowEnd())
	m.wakeForSweep()
}

// acceptLogged is accept for callers that cannot be told: accept has logged and counted a refusal.
func (m *Manager) acceptLogged(rec *record, c content) { _ = m.accept(rec, c) }

// replace takes newer state of a detached session.
func (m *Manager) replace(rec *record, newer content) {
	if rec.has(newer) || m.accept(rec, newer) != nil {
		return
	}
	m.extend(rec, rec.windowEnd())
	m.shrink()
}

// saveUnknown saves the state of a session that is not in memory.
func (m *Manager) saveUnknown(id string, data []byte) {
	switch {
	case data == nil || m.window() == 0:
		return
	case m.removed(id):
		return
	case m.graves.find(id, m.now()) != nil:
		m.event(slog.LevelWarn, eventLateDisconnect, slog.String("session", HashID(id)))
		return
	case m.pipe == nil:
		m.event(slog.LevelWarn, eventUnknownIgnored, slog.String("session", HashID(id)))
		return
	}
	if limit := m.cfg.MaxSessionBytes; limit >= 0 && len(data) > limit {
		m.counts.lost++
		m.warn(eventStateRefused, id, &SizeError{Size: len(data), Limit: limit})
		return
	}
	until := m.now() + m.window()
	_, lost := m.pipe.Put(persist.Write{ID: id, Op: persist.Save, Data: data, Expires: m.at(until)})
	m.event(slog.LevelWarn, eventUnknownSaved, slog.String("session", HashID(id)))
	for _, w := range lost {
		m.lose(w, persist.ErrOverflow)
	}
}

// Remove ends a session on purpose: it is gone from memory at once and from the store as soon as that answers, and
// no late disconnect, snapshot or retry brings it back. Removing one that only the store has, or nobody, is fine.
// The removal is remembered for twice the ResumeWindow, a minute at least, and until the store acknowledged it.
func (m *Manager) Remove(sessionID string) {
	if !validID(sessionID) {
		return
	}
	m.mu.Lock()
	defer m.unlock()
	m.outdate(sessionID)
	if rec := m.records.find(sessionID); rec != nil {
		m.move(rec, lifecycle.Remove)
	}
	sessionID = strings.Clone(sessionID) // which may be a part of something larger
	m.graves.remove(sessionID, m.now(), m.memory())
	m.wakeForSweep()
	if m.pipe != nil {
		m.pipe.Put(persist.Write{ID: sessionID, Op: persist.Delete})
	}
}
