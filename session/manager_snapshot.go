package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/limpet-go/limpet/internal/expiry"
	"github.com/limpet-go/limpet/internal/recovered"
)

const (
	mostShots   = 16              // snapshots taken at once
	shotTimeout = 5 * time.Second // for each
)

// shots are the snapshots to take of connected sessions.
type shots struct {
	due     expiry.Queue[connection] // dirty, by when to take the snapshot
	ages    expiry.Queue[connection] // dirty, by when they became so
	ready   []*connection            // due
	running int                      // goroutines that take them
	idle    chan struct{}            // closed when the last of them ends; nil if nobody waits
}

// MarkDirty says that a connected session's state changed: the manager takes a snapshot of it at the
// PersistInterval after the first MarkDirty since the last one, and saves it. It does nothing for a session
// without Snapshot.
func (m *Manager) MarkDirty(sessionID string) {
	m.mu.Lock()
	defer m.unlock()
	if rec := m.records.find(sessionID); rec != nil && rec.state.Attached() {
		m.mark(rec.conn)
	}
}

func (m *Manager) mark(c *connection) {
	if c.snapshot == nil || m.pipe == nil || m.phase == stopped {
		return
	}
	c.marks++
	c.due.Owner, c.age.Owner = c, c
	if !c.age.Queued() {
		m.shots.ages.Push(&c.age, m.now())
	}
	if !c.due.Queued() && !c.shooting {
		m.shootLater(c)
	}
}

// shootLater takes a snapshot at the next PersistInterval.
func (m *Manager) shootLater(c *connection) {
	if m.cfg.PersistInterval < 0 {
		return
	}
	m.shots.due.Push(&c.due, m.now()+int64(m.cfg.PersistInterval))
	m.wakeAt(c.due.Due())
}

// now takes a snapshot as soon as possible.
func (s *shots) now(m *Manager, c *connection) {
	if c.shooting || c.snapshot == nil {
		return
	}
	s.due.Remove(&c.due)
	c.shooting = true
	s.ready = append(s.ready, c)
	if s.running < mostShots {
		s.running++
		go m.shoot()
	}
}

// shoot takes snapshots until none is due.
func (m *Manager) shoot() {
	m.mu.Lock()
	for len(m.shots.ready) > 0 {
		c := m.shots.ready[0]
		m.shots.ready = m.shots.ready[1:]
		if !m.isCurrent(c) {
			continue
		}
		m.shootOne(c)
	}
	m.shots.ready = nil
	if m.shots.running--; m.shots.running == 0 && m.shots.idle != nil {
		close(m.shots.idle)
		m.shots.idle = nil
	}
	m.unlock()
}

// shootOne takes a snapshot with the lock given back meanwhile. What fails or was overtaken is due again later.
func (m *Manager) shootOne(c *connection) {
	ctx, cancel := context.WithTimeout(context.Background(), shotTimeout)
	defer cancel()
	shot := m.take(ctx, c)
	c.shooting = false
	err := m.apply(c, shot)
	if err != nil && m.isCurrent(c) {
		if !errors.Is(err, errOvertaken) {
			m.warn(eventSnapshotFailed, c.rec.id, err)
		}
		m.mark(c)
	}
}

// shot is a snapshot, and what was so when it began.
type shot struct {
	content
	err            error
	marks, applied uint64
}

// take takes a snapshot with the lock given back meanwhile.
func (m *Manager) take(ctx context.Context, c *connection) shot {
	s := shot{marks: c.marks, applied: c.applied}
	m.unlock()
	s.data, s.err = c.take(ctx)
	s.sum = m.contentOf(s.data).sum
	m.mu.Lock()
	return s
}

// take calls the host's Snapshot. Its panic is an error: it must not leave the manager in between.
func (c *connection) take(ctx context.Context) (data []byte, err error) {
	defer func() {
		if v := recover(); v != nil {
			data, err = nil, fmt.Errorf("session: snapshot: panic: %s", recovered.Text(v))
		}
	}()
	return c.snapshot(ctx)
}

// errOvertaken says that another snapshot of the session was taken while this one was: which of them is newer is
// not known.
var errOvertaken = errors.New("overtaken by another snapshot")

// errSuperseded says that the connection a snapshot was taken of is over.
var errSuperseded = errors.New("connection is over")

// apply makes a snapshot the newest state and saves it, unless the store has it already.
func (m *Manager) apply(c *connection, s shot) error {
	rec := c.rec
	switch {
	case !m.isCurrent(c):
		return errSuperseded
	case s.err != nil:
		return s.err
	case s.applied != c.applied:
		return errOvertaken
	case s.data == nil:
		m.clean(c, s.marks)
		return nil
	}
	if rec.has(s.content) && m.stored(rec) {
		m.notice(c, s.data)
	} else if err := m.applyNew(c, s.content); err != nil {
		return err
	}
	c.applied++
	m.clean(c, s.marks)
	return nil
}

func (m *Manager) applyNew(c *connection, taken content) error {
	if err := m.accept(c.rec, taken); err != nil {
		return err
	}
	if m.pipe == nil || m.window() == 0 {
		return nil
	}
	m.save(c.rec, m.connectedUntil(), c)
	m.keeps.Push(&c.keep, m.now()+m.keepaliveEvery())
	return nil
}

// clean ends a session's being dirty, unless it was marked again after the snapshot began.
func (m *Manager) clean(c *connection, marks uint64) {
	m.shots.ages.Remove(&c.age)
	m.shots.due.Remove(&c.due)
	if c.marks != marks {
		m.shots.ages.Push(&c.age, m.now())
		m.shootLater(c)
	}
}
