package session

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/limpet-go/limpet/internal/lifecycle"
	"github.com/limpet-go/limpet/internal/loader"
)

// refusalsEvery is how often the log says at most that resumes were refused.
const refusalsEvery = int64(10 * time.Second)

// loads are the loads of what only the store has.
type loads struct {
	queue   *loader.Loader // nil without a store
	flights map[string]*flight
	refused int           // resumes, since the log said so
	silent  int64         // until when the log does not say so again
	retry   time.Duration // what the last of them was told
}

// flight is a load of a session under way. Whoever changes the session meanwhile marks it outdated, and what was
// loaded counts for nothing.
type flight struct {
	load     *loader.Load
	outdated bool
	settled  bool  // the first of those who wait has taken the result
	err      error // what came of it
}

func newLoads(store SessionStore, cfg ManagerConfig) loads {
	l := loads{flights: map[string]*flight{}}
	if store != nil {
		l.queue = loader.New(loader.Config{
			Store:      loadsFrom(store),
			MaxCalls:   cfg.MaxLoads,
			MaxWaiting: cfg.MaxWaitingLoads,
			Timeout:    cfg.LoadTimeout,
		})
	}
	return l
}

// stats returns what the queue holds and did.
func (l *loads) stats() loader.Stats {
	if l.queue == nil {
		return loader.Stats{}
	}
	return l.queue.Stats()
}

// stop ends every waiting for a load, for good.
func (l *loads) stop() {
	if l.queue != nil {
		l.queue.Stop()
	}
}

// settle waits for the calls under way, at most until ctx ends.
func (l *loads) settle(ctx context.Context) {
	if l.queue != nil {
		l.queue.Drained(ctx)
	}
}

// outdate makes state of a session that came or comes from the store count for nothing.
func (m *Manager) outdate(id string) {
	m.reserved.forget(id)
	if f := m.loads.flights[id]; f != nil {
		f.outdated = true
		delete(m.loads.flights, id)
	}
}

// load asks the store for a session, once for all who ask at the same time.
func (m *Manager) load(id, ip string) (step, error) {
	f := m.loads.flights[id]
	var under *loader.Load
	if f != nil {
		under = f.load
	}
	address := parseAddress(ip).key(m.cfg.IPv6Prefix)
	ld, err := m.loads.queue.Enter(id, address.String(), under)
	if err != nil {
		return nil, m.notLoaded(err)
	}
	if ld != under {
		f = &flight{load: ld}
		m.loads.flights[id] = f
	}
	return func(ctx context.Context, outcome ResumeOutcome) (*Attachment, bool, error) {
		r, err := ld.Wait(ctx)
		m.mu.Lock()
		defer m.unlock()
		if f.outdated && ctx.Err() == nil {
			return nil, false, nil
		}
		if err != nil {
			m.left(id, f)
			return nil, false, m.notLoaded(err)
		}
		a, err := m.landed(id, f, r, outcome)
		return a, false, err
	}, nil
}

// left forgets a load that nobody waits for any more.
func (m *Manager) left(id string, f *flight) {
	if m.loads.flights[id] == f && f.load.Deserted() {
		delete(m.loads.flights, id)
	}
}

// landed resumes a session with the result of a load. The first of those who wait for it has the session then, and the
// others take it over from there.
func (m *Manager) landed(id string, f *flight, r loader.Result, outcome ResumeOutcome) (a *Attachment, err error) {
	if f.settled || f.outdated || m.loads.flights[id] != f {
		return nil, f.err
	}
	f.settled = true
	delete(m.loads.flights, id)
	if r.Err != nil {
		f.err = fmt.Errorf("session: resume: %w", r.Err)
		return nil, f.err
	}
	a, f.err = m.loaded(id, r.Data, outcome)
	return a, f.err
}

// notLoaded says why a resume did not wait for its load, or no longer.
func (m *Manager) notLoaded(err error) error {
	var overloaded *loader.OverloadedError
	switch {
	case errors.As(err, &overloaded):
		m.noteRefusal(overloaded.RetryAfter)
		return &OverloadedError{RetryAfter: overloaded.RetryAfter}
	case errors.Is(err, loader.ErrStopped):
		return ErrManagerStopped
	}
	return fmt.Errorf("session: resume: %w", err)
}

// noteRefusal logs that resumes are refused: the first at once, and how many more there were a while later.
func (m *Manager) noteRefusal(retryAfter time.Duration) {
	m.loads.refused++
	m.loads.retry = retryAfter
	m.tellRefusals(m.now())
	m.wakeForRefusals()
}

// tellRefusals logs the refusals that the log does not know of, unless it was told of others a short while ago.
func (m *Manager) tellRefusals(now int64) {
	l := &m.loads
	if l.refused == 0 || now < l.silent {
		return
	}
	m.event(slog.LevelWarn, eventResumesRefused, slog.Int("resumes", l.refused),
		slog.Int("waiting", l.stats().Waiting), slog.Duration("retry_after", l.retry))
	l.refused, l.silent = 0, now+refusalsEvery
}

// wakeForRefusals makes sure that the log is told of the last ones too.
func (m *Manager) wakeForRefusals() {
	if m.loads.refused > 0 {
		m.wakeAt(m.loads.silent)
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
	case rec != nil && rec.state.Attached():
		return nil, nil // it is to be taken over
	case rec != nil:
		return m.loadedHere(rec, data, outcome)
	case data == nil:
		return nil, m.missing(id)
	}
	if g := m.graves.find(id, m.now()); g != nil && g.stale || m.lapsed(id, m.unsaved(id)) {
		return nil, ErrSessionExpired
	}
	if err := m.room(); err != nil {
		return nil, err
	}
	m.graves.forget(id)
	rec = m.newRecord(id, lifecycle.Absent, client{})
	m.know(rec, data)
	return m.hold(rec, outcome, lifecycle.Fetch), nil
}

// loadedHere resumes a session of which only the state was not in memory.
func (m *Manager) loadedHere(rec *record, data []byte, outcome ResumeOutcome) (*Attachment, error) {
	switch {
	case data == nil && rec.size >= 0: // the store lost it
		m.drop(rec)
		return nil, ErrSessionNotFound
	case data != nil && m.same(rec, data):
		m.keep(rec, data)
	case data != nil:
		m.know(rec, data)
	}
	return m.hold(rec, outcome, lifecycle.Resume), nil
}
