package session

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/limpet-go/limpet/internal/lifecycle"
	"github.com/limpet-go/limpet/internal/persist"
)

// lastShots takes a snapshot of every connected session, some at a time, within half of the time that is left, and
// saves again what was given up before. It returns what failed. A snapshot that ignores its context is not waited
// for.
func (m *Manager) lastShots(ctx context.Context) map[*connection]error {
	open, brief := m.toShoot(), shotTimeout
	if until, ok := ctx.Deadline(); ok {
		left := time.Until(until) / 2
		if len(open) > mostShots {
			brief = min(brief, left/5)
		}
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, left)
		defer cancel()
	}
	results := m.shootAll(ctx, open, brief)
	late, failed := lateBy(ctx, shotGrace), map[*connection]error{}
	for len(open) > 0 {
		select {
		case r := <-results:
			delete(open, r.conn)
			if r.err != nil {
				failed[r.conn] = r.err
			}
		case <-late:
			for c := range open {
				failed[c] = fmt.Errorf("session: snapshot: %w", context.Cause(ctx))
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

// shootAll takes snapshots, some at a time, and returns where their outcomes arrive.
func (m *Manager) shootAll(ctx context.Context, conns map[*connection]bool, brief time.Duration) <-chan lastShot {
	results := make(chan lastShot, len(conns))
	queue := &shotQueue{open: slices.Collect(maps.Keys(conns))}
	for range min(mostShots, len(conns)) {
		go func() {
			for c, slow := queue.next(); c != nil; c, slow = queue.next() {
				limit := shotTimeout
				if !slow {
					limit = brief
				}
				err := m.shootLast(ctx, c, limit)
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

// toShoot returns the connections to take a snapshot of, and puts what has to be saved again in the pipeline.
func (m *Manager) toShoot() map[*connection]bool {
	m.mu.Lock()
	defer m.unlock()
	conns := map[*connection]bool{}
	if m.pipe == nil || m.window() == 0 {
		return conns
	}
	for rec := range m.inSteps() {
		connected := rec.state == lifecycle.Connected
		switch {
		case connected && rec.conn.snapshot != nil:
			conns[rec.conn] = true
			m.lengthen(rec)
		case connected && rec.seq != 0:
			m.lengthen(rec)
		case rec.seq != 0 || rec.data == nil:
		case connected:
			m.save(rec, m.connectedUntil(), nil)
		case rec.state == lifecycle.Detached && rec.windowEnd() > m.now():
			m.save(rec, rec.windowEnd(), nil)
		}
	}
	return conns
}

// lengthen has a connected session kept for a whole window from now on, if it came back so recently that it was not
// touched yet. What is on its way to the store counts, which may be the shorter expiry of its last disconnect. Nothing
// is done for state that only a snapshot can bring back: that is about to be taken.
func (m *Manager) lengthen(rec *record) {
	until := rec.saved
	if w := m.unsaved(rec.id); w.Op == persist.Save || w.Op == persist.Touch {
		until = int64(w.Expires.Sub(m.start))
	}
	if until-m.now() < m.window() && (rec.saved == 0 && rec.seq != 0 || m.stored(rec) || rec.data != nil) {
		m.extend(rec, m.connectedUntil())
	}
}

// shootLast takes one snapshot and puts it in the pipeline. A session that was disconnected or removed meanwhile
// needs none.
func (m *Manager) shootLast(ctx context.Context, c *connection, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	m.mu.Lock()
	defer m.unlock()
	for {
		if !m.isCurrent(c) {
			return nil
		}
		err := m.apply(c, m.take(ctx, c))
		switch {
		case err == nil || errors.Is(err, errSuperseded):
			return nil
		case !errors.Is(err, errOvertaken) || ctx.Err() != nil:
			return fmt.Errorf("session: snapshot: %w", err)
		}
	}
}
