package session

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"time"
)

// shutdownTimeout is for callers whose context has no deadline.
const shutdownTimeout = 10 * time.Second

// Shutdown stops the manager: it takes a last snapshot of every connected session, writes all that is not durable
// and returns when the store acknowledged it, or when ctx ends; 10 seconds if ctx has no deadline. From the
// beginning the other methods are ErrManagerStopped, but disconnects and removals still count.
//
// Its error is a *NotSavedError that names exactly the sessions whose newest state, expiry or removal is not in
// the store; only while another Shutdown runs that ctx does not wait for is it the context's. They are kept, and
// calling Shutdown again tries again. When it returned nothing more is written: writes under way when ctx ended are
// cancelled and waited for, 50 ms at most. A store that goes on with such a write may still complete it, with what was
// the newest state then.
//
// After success the records are released and calling it again is nil; a disconnect that comes later still is tried
// once, and kept for another Shutdown if that fails. Having no store, or no state of a session, is no failure. The
// store is not closed: whoever made it closes it afterwards.
func (m *Manager) Shutdown(ctx context.Context) error {
	if ctx == nil {
		ctx = context.Background()
	}
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, shutdownTimeout)
		defer cancel()
	}
	if err := m.shutOne(ctx); err != nil {
		return err
	}
	defer func() { <-m.shutting }()
	m.stop()
	if m.pipe != nil {
		m.pipe.Hurry() // saving goes on while snapshots are taken
	}
	return m.finish(ctx, m.lastShots(ctx))
}

// shutOne waits until no other Shutdown runs. If none does, an ended context does not matter.
func (m *Manager) shutOne(ctx context.Context) error {
	select {
	case m.shutting <- struct{}{}:
		return nil
	default:
	}
	select {
	case m.shutting <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("session: shutdown: another one is under way: %w", ctx.Err())
	}
}

// failures says why sessions were not saved.
type failures map[string]error

// stop begins a shutdown.
func (m *Manager) stop() {
	m.mu.Lock()
	defer m.unlock()
	if m.phase == running {
		m.phase = stopping
	}
	if m.clock.timer != nil {
		m.clock.timer.Stop()
	}
	m.clock.at = 0
	for _, c := range m.shots.ready {
		c.shooting = false
	}
	m.shots.ready = nil
	m.loads.stop()
	m.lost, m.lostSeq = failures{}, map[string]uint64{}
}

// shutdownLost notes state that was given up while the manager shuts down.
func (m *Manager) shutdownLost(id string, err error) { m.lost[id] = err }

// settleWork waits for periodic work under way, so that no goroutine is left: it may have something to write.
func (m *Manager) settleWork(ctx context.Context) {
	m.mu.Lock()
	var waits []chan struct{}
	if m.clock.working {
		m.clock.idle = make(chan struct{})
		waits = append(waits, m.clock.idle)
	}
	if m.shots.running > 0 {
		m.shots.idle = make(chan struct{})
		waits = append(waits, m.shots.idle)
	}
	m.mu.Unlock()
	for _, idle := range waits {
		select {
		case <-idle:
		case <-ctx.Done():
		}
	}
	m.loads.settle(ctx)
}

// finish writes what is left, and releases the records if nothing is.
func (m *Manager) finish(ctx context.Context, shots map[*connection]error) error {
	for {
		left, cause := m.drain(ctx)
		failed := make(failures, len(left))
		for _, id := range left {
			failed[id] = cause
		}
		m.settleWork(ctx)
		m.late(ctx, failed)
		if err, again := m.conclude(left, failed, shots); !again {
			return err
		}
	}
}

// late notes the sessions of which a snapshot was still being taken when the time was over.
func (m *Manager) late(ctx context.Context, failed failures) {
	m.mu.Lock()
	defer m.unlock()
	if m.shots.running == 0 {
		return
	}
	for rec := range m.inSteps() {
		if rec.conn != nil && rec.conn.shooting {
			failed[rec.name()] = fmt.Errorf("session: snapshot: %w", cmp.Or(ctx.Err(), context.DeadlineExceeded))
		}
	}
}

// drain empties the pipeline.
func (m *Manager) drain(ctx context.Context) ([]string, error) {
	if m.pipe == nil {
		return nil, nil
	}
	left, last := m.pipe.Drain(ctx)
	if len(left) == 0 {
		return nil, nil
	}
	return left, errors.Join(ctx.Err(), last)
}

// conclude ends a shutdown, unless something came in after the pipeline was empty.
func (m *Manager) conclude(left []string, failed failures, shots map[*connection]error) (err error, again bool) {
	m.unshot(failed, shots)
	m.mu.Lock()
	defer m.unlock()
	switch {
	case len(failed)+len(m.lost) > 0:
		return m.unsavedError(left, failed), false
	case m.pipe != nil && m.pipe.Stats().Sessions > 0 && m.phase != stopped:
		return nil, true
	}
	m.release()
	return nil, false
}

// unshot adds the sessions whose last snapshot failed. One whose connection handed over its final state in the meantime
// is none of them.
func (m *Manager) unshot(failed failures, shots map[*connection]error) {
	m.mu.Lock()
	defer m.unlock()
	n := 0
	for c, err := range shots {
		if m.isCurrent(c) {
			failed[c.rec.name()] = err
		}
		if n++; n%chunk == 0 {
			m.unlock()
			m.mu.Lock()
		}
	}
}

// unsavedError names what was not saved, with the lock given back meanwhile: there may be a million.
func (m *Manager) unsavedError(left []string, failed failures) error {
	lost := m.lost
	m.lost = failures{}
	m.unlock()
	maps.Copy(failed, lost)
	err := failed.notSaved(left)
	m.mu.Lock()
	m.event(slog.LevelError, eventShutdownUnsaved, slog.Int("sessions", len(failed)))
	return err
}

// inSteps goes through the records with the lock given back now and then, so that a million of them hold nobody up. One
// that comes in meanwhile may be missed: there are none while the manager stops.
func (m *Manager) inSteps() iter.Seq[*record] {
	return func(yield func(*record) bool) {
		n := 0
		for rec := range m.records.all() {
			if !yield(rec) {
				return
			}
			if n++; n%chunk == 0 {
				m.unlock()
				m.mu.Lock()
			}
		}
	}
}

// release forgets everything but removals, some at a time.
func (m *Manager) release() {
	m.phase = stopped
	for rec := range m.inSteps() {
		if c := rec.conn; c != nil {
			c.released = true
		}
		m.drop(rec)
	}
}

// notSaved puts failures into one error. left are some of them in ascending order, and mostly all.
func (f failures) notSaved(left []string) error {
	ids := left
	if len(f) > len(left) {
		ids = slices.Sorted(maps.Keys(f))
	}
	var all causes
	for _, id := range ids {
		all.add(f[id])
	}
	return &NotSavedError{SessionIDs: ids, Err: errors.Join(all.errs...)}
}

const (
	mostCauses   = 8    // told by one error
	mostCompared = 1000 // by their texts, which may be long
)

// causes are errors that say different things.
type causes struct {
	errs     []error
	texts    []string
	compared int
}

// add takes one more error unless it is known. Of very many that are not the same values only the first are looked at.
func (c *causes) add(err error) {
	same := func(known error) bool { return identical(known, err) }
	if err == nil || len(c.errs) == mostCauses || c.compared == mostCompared || slices.ContainsFunc(c.errs, same) {
		return
	}
	c.compared++
	if text := err.Error(); !slices.Contains(c.texts, text) {
		c.errs, c.texts = append(c.errs, err), append(c.texts, text)
	}
}

// identical reports whether two errors are the same value. Those that cannot be compared are not.
func identical(a, b error) bool {
	return reflect.ValueOf(a).Comparable() && reflect.ValueOf(b).Comparable() && a == b
}
