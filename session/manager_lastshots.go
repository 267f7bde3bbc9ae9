package session

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// lastShots takes a snapshot of every connected session, some at a time, within half of the time that is left, and
// saves again what was given up before. It notes what failed. A snapshot that ignores its context is not waited
// for.
func (m *Manager) lastShots(ctx context.Context, failed failures) {
	if until, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(until)/2)
		defer cancel()
	}
	open := m.toShoot()
	results := m.shootAll(ctx, open)
	late := lateBy(ctx, shotGrace)
	for len(open) > 0 {
		select {
		case r := <-results:
			delete(open, r.conn)
			if r.err != nil {
				failed[r.conn.rec.id] = r.err
			}
		case <-late:
			for c := range open {
				failed[c.rec.id] = fmt.Errorf("session: snapshot: %w", context.Cause(ctx))
			}
			return
		}
	}
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

// shootAll takes snapshots, some at a time, and returns where their outcomes arrive.
func (m *Manager) shootAll(ctx context.Context, conns map[*connection]bool) <-chan lastShot {
	results := make(chan lastShot, len(conns))
	queue := make(chan *connection, len(conns))
	for c := range conns {
		queue <- c
	}
	close(queue)
	for range min(mostShots, len(conns)) {
		go func() {
			for c := range queue {
				results <- lastShot{c, m.shootLast(ctx, c)}
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
	for _, rec := range m.records {
		switch c := rec.conn; {
		case c != nil && c.held:
		case c != nil && c.snapshot != nil:
			conns[c] = true
		case rec.seq != 0 || rec.data == nil:
		case c != nil:
			m.save(rec, m.connectedUntil(), nil)
		case rec.window.Due() > m.now():
			m.save(rec, rec.window.Due(), nil)
		}
	}
	return conns
}

// shootLast takes one snapshot and puts it in the pipeline. A session that was disconnected or removed meanwhile
// needs none.
func (m *Manager) shootLast(ctx context.Context, c *connection) error {
	ctx, cancel := context.WithTimeout(ctx, shotTimeout)
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
