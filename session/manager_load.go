package session

import (
	"context"
	"fmt"
)

// flight is a load of a session under way. Whoever changes the session meanwhile marks it outdated, and what was
// loaded counts for nothing.
type flight struct {
	done     chan struct{}
	outdated bool
	err      error // for those who wait with the one who loads
}

// outdate makes state of a session that came or comes from the store count for nothing.
func (m *Manager) outdate(id string) {
	m.reserved.forget(id)
	if f := m.flights[id]; f != nil {
		f.outdated = true
	}
}

// load asks the store for a session, once for all who ask at the same time.
func (m *Manager) load(id string) step {
	if f := m.flights[id]; f != nil {
		return f.wait
	}
	f := &flight{done: make(chan struct{})}
	m.flights[id] = f
	return func(ctx context.Context, outcome ResumeOutcome) (*Attachment, bool, error) {
		data, err := m.store.Load(ctx, id)
		m.mu.Lock()
		defer m.unlock()
		delete(m.flights, id)
		defer close(f.done)
		if f.outdated {
			return nil, false, nil
		}
		if err != nil {
			err = fmt.Errorf("session: resume: %w", err)
			if ctx.Err() == nil {
				f.err = err
			}
			return nil, false, err
		}
		a, err := m.loaded(id, data, outcome)
		f.err = err
		return a, false, err
	}
}

// wait waits for another's load. What it found is held by the other then, and is taken over from there.
func (f *flight) wait(ctx context.Context, _ ResumeOutcome) (*Attachment, bool, error) {
	select {
	case <-f.done:
		return nil, false, f.err
	case <-ctx.Done():
		return nil, false, fmt.Errorf("session: resume: %w", ctx.Err())
	}
}

// loaded resumes a session with what the store had, nil for nothing. Nothing happened to the session meanwhile,
// but its window may have ended.
func (m *Manager) loaded(id string, data []byte, outcome ResumeOutcome) (*Attachment, error) {
	if m.phase != running {
		return nil, ErrManagerStopped
	}
	rec := m.live(id, m.now())
	switch {
	case rec != nil:
		m.park(rec, false)
		return m.loadedHere(rec, data, outcome)
	case data == nil:
		return nil, m.missing(id)
	}
	if g := m.graves.find(id, m.now()); g != nil && g.stale {
		return nil, ErrSessionExpired
	}
	if err := m.room(); err != nil {
		return nil, err
	}
	m.graves.forget(id)
	rec = m.newRecord(id, "", "", m.at(m.now()))
	m.know(rec, data)
	return m.hold(rec, outcome, true), nil
}

// loadedHere resumes a session of which only the state was not in memory.
func (m *Manager) loadedHere(rec *record, data []byte, outcome ResumeOutcome) (*Attachment, error) {
	switch {
	case data == nil && rec.size >= 0: // the store lost it
		m.drop(rec)
		return nil, ErrSessionNotFound
	case data != nil && m.same(rec, data):
		rec.data = data
	case data != nil:
		m.know(rec, data)
	}
	return m.hold(rec, outcome, false), nil
}
