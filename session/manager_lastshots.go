package session

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/limpet-go/limpet/internal/lifecycle"
	"github.com/limpet-go/limpet/internal/persist"
)

// lastShots takes a snapshot of every connected session, some at a time, and saves again what was given up before. It
// returns what failed. Both keep to what the pipeline has room for, so that nothing is given up that the store only
// needs time for. A snapshot that ignores its context is not waited for.
func (m *Manager) lastShots(ctx context.Context) map[*connection]error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // what comes back afterwards does not count
	open, rest := m.toShoot()
	brief, pressed := shotTimeout, &atomic.Bool{}
	if until, ok := ctx.Deadline(); ok {
		left := time.Until(until)
		if len(open) > mostShots {
			brief = min(brief, left/10)
		}
		defer endShots(left, pressed, cancel)()
	}
	results := m.shootAll(ctx, open, brief, pressed)
	m.saveRest(ctx, rest, pressed)
	return collect(ctx, open, results)
}

// endShots ends the snapshots after half of the time that is left, and returns what calls that off. While they wait for
// the store and not for their hosts, the store is at work: they go on then, and only the last eighth is its alone.
func endShots(left time.Duration, pressed *atomic.Bool, end func()) (stop func() bool) {
	var timer *time.Timer
	step, steps, made := left/8, 3, make(chan struct{})
	timer = time.AfterFunc(left/2, func() {
		<-made
		if steps--; steps < 0 || !pressed.Swap(false) {
			end()
			return
		}
		timer.Reset(step)
	})
	close(made)
	return timer.Stop
}

// collect returns the snapshots that failed, or did not end in time.
func collect(ctx context.Context, open map[*connection]bool, results <-chan lastShot) map[*connection]error {
	late, failed := lateBy(ctx, shotGrace), map[*connection]error{}
	for len(open) > 0 {
		select {
		case r := <-results:
			delete(open, r.conn)
			if r.err != nil {
				failed[r.conn] = r.err
			}
		case <-late:
			err := fmt.Errorf("session: snapshot: %w", context.DeadlineExceeded)
			for c := range open {
				failed[c] = err
			}
			return failed
		}
	}
	return failed
}

// shotGrace is how long a snapshot may take to notice that its context has ended.
const shotGrace = 20 * time.Millisecond

// lateBy returns a channel that is closed a moment after ctx ended.
func lateBy(ctx context.Context, grace time.Duration) <-chan struct{} {
	late := make(chan struct{})
	context.AfterFunc(ctx, func() { time.AfterFunc(grace, func() { close(late) }) })
	return late
}

type lastShot struct {
	conn *connection
	err  error
}

// shotQueue has the last snapshots to take. Those that were slow are taken again after all others, so that they keep
// none of these waiting for long.
type shotQueue struct {
	mu         sync.Mutex
	open, slow []*connection
}

// next returns the connection to take a snapshot of, nil when there is none, and whether it was slow before.
func (q *shotQueue) next() (c *connection, slow bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	from := &q.open
	if slow = len(q.open) == 0; slow {
		from = &q.slow
	}
	if len(*from) == 0 {
		return nil, false
	}
	c, *from = (*from)[0], (*from)[1:]
	return c, slow
}

func (q *shotQueue) again(c *connection) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.slow = append(q.slow, c)
}

// shootAll takes snapshots, some at a time and until ctx ends, and returns where their outcomes arrive.
func (m *Manager) shootAll(ctx context.Context, conns map[*connection]bool, brief time.Duration, pressed *atomic.Bool) <-chan lastShot {
	results := make(chan lastShot, len(conns))
	queue := &shotQueue{open: slices.Collect(maps.Keys(conns))}
	for range min(mostShots, len(conns)) {
		go func() {
			for waitWhile(ctx, m.pipe.HalfFull, pressed) {
				c, slow := queue.next()
				if c == nil {
					return
				}
				limit := shotTimeout
				if !slow {
					limit = brief
				}
				err := m.shootLast(ctx, c, limit, pressed)
				if !slow && ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
					queue.again(c)
					continue
				}
				results <- lastShot{c, err}
			}
		}()
	}
	return results
}

// waitWhile waits while the pipeline is full in some sense, notes that it did, and reports whether ctx has not ended. It
// looks every few milliseconds whether the store has caught up.
func waitWhile(ctx context.Context, full func() bool, pressed *atomic.Bool) bool {
	for ctx.Err() == nil && full() {
		pressed.Store(true)
		select {
		case <-time.After(2 * time.Millisecond):
		case <-ctx.Done():
		}
	}
	return ctx.Err() == nil
}

// toShoot returns the connections to take a snapshot of, and the records of which something else has to be saved.
func (m *Manager) toShoot() (conns map[*connection]bool, rest []*record) {
	m.mu.Lock()
	defer m.unlock()
	conns = map[*connection]bool{}
	if m.pipe == nil || m.window() == 0 {
		return conns, nil
	}
	for rec := range m.inSteps() {
		if rec.state == lifecycle.Connected && rec.conn.snapshot != nil {
			conns[rec.conn] = true
		}
		if m.short(rec) || m.unsavedUntil(rec) != 0 {
			rest = append(rest, rec)
		}
	}
	return conns, rest
}

// saveRest puts what has to be saved again, or for longer, in the pipeline as it has room, and names what it never had
// room for.
func (m *Manager) saveRest(ctx context.Context, rest []*record, pressed *atomic.Bool) {
	m.mu.Lock()
	defer m.unlock()
	for i, rec := range rest {
		fits := m.fits(ctx, len(rec.data), pressed)
		until := m.unsavedUntil(rec)
		switch {
		case until != 0 && fits:
			m.save(rec, until, nil)
		case until != 0:
			m.shutdownLost(rec.name(), context.DeadlineExceeded)
		case m.short(rec):
			m.extend(rec, m.connectedUntil())
		}
		if i%chunk == chunk-1 {
			m.unlock()
			m.mu.Lock()
		}
	}
}

// fits waits, with the lock given back, until the pipeline has room for a state. It reports whether ctx has not ended.
func (m *Manager) fits(ctx context.Context, n int, pressed *atomic.Bool) bool {
	for ctx.Err() == nil && !m.pipe.Fits(n) {
		m.unlock()
		full := func() bool { return !m.pipe.Fits(n) }
		waitWhile(ctx, full, pressed)
		m.mu.Lock()
	}
	return ctx.Err() == nil
}

// unsavedUntil returns until when to save a state that no write takes to the store and no snapshot brings back; zero when
// there is none. One that was only fetched is not this process's to save: the store it came from may have a newer one.
func (m *Manager) unsavedUntil(rec *record) int64 {
	switch {
	case rec.seq != 0 || rec.data == nil:
		return 0
	case rec.state == lifecycle.Connected && rec.conn.snapshot == nil:
		return m.connectedUntil()
	case rec.state.Windowed() && rec.windowEnd() > m.now():
		return rec.windowEnd()
	}
	return 0
}

// short reports whether a connected session is to be kept for a whole window from now on, since it came back so recently
// that it was not touched yet. What is on its way to the store counts, which may be the shorter expiry of its last
// disconnect. State that only a snapshot can bring back needs nothing: that is about to be taken.
func (m *Manager) short(rec *record) bool {
	if rec.state != lifecycle.Connected || rec.conn.snapshot == nil && rec.seq == 0 {
		return false
	}
	until := rec.saved
	if w := m.unsaved(rec.id); w.Op == persist.Save || w.Op == persist.Touch {
		until = int64(w.Expires.Sub(m.start))
	}
	return until-m.now() < m.window() && (rec.saved == 0 && rec.seq != 0 || m.stored(rec) || rec.data != nil)
}

// shootLast takes one snapshot and puts it in the pipeline. A session that was disconnected or removed meanwhile
// needs none.
func (m *Manager) shootLast(ctx context.Context, c *connection, limit time.Duration, pressed *atomic.Bool) error {
	brief, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	m.mu.Lock()
	defer m.unlock()
	for {
		if !m.isCurrent(c) {
			return nil
		}
		taken := m.take(brief, c)
		if taken.err == nil && !m.fits(ctx, len(taken.data), pressed) {
			return fmt.Errorf("session: snapshot: %w", context.DeadlineExceeded)
		}
		err := m.apply(c, taken)
		switch {
		case err == nil || errors.Is(err, errSuperseded):
			return nil
		case !errors.Is(err, errOvertaken) || brief.Err() != nil:
			return fmt.Errorf("session: snapshot: %w", err)
		}
	}
}
