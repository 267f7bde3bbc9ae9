package session

import (
	"errors"
	"log/slog"
	"slices"

	"github.com/limpet-go/limpet/internal/lifecycle"
	"github.com/limpet-go/limpet/internal/persist"
)

func (m *Manager) newPipeline() *persist.Pipeline {
	m.keeps = newKeepalives(m.keepaliveEvery())
	return persist.New(persist.Config{
		Store:    writerOf(m.store),
		MaxBytes: m.cfg.MaxUnsavedBytes,
		Refused: func(err error) bool {
			return errors.Is(err, ErrInvalidSessionID) || errors.Is(err, ErrSessionTooLarge)
		},
		Done:    m.acknowledged,
		Dropped: m.givenUp,
		Failed: func(n int, err error) {
			m.log.Warn(eventWriteFailed, "sessions", n, "error", err)
		},
	})
}

// window is the resume window, zero when nothing can be resumed.
func (m *Manager) window() int64 { return max(0, int64(m.cfg.ResumeWindow)) }

// save puts the newest state in the pipeline.
func (m *Manager) save(rec *record, until int64, owner any) {
	w := m.saveOf(rec, until, owner)
	seq, lost := m.pipe.Put(w)
	m.put(rec, seq, lost)
}

// saveWait is save with a channel that receives the outcome.
func (m *Manager) saveWait(rec *record, until int64, owner any) <-chan error {
	seq, done, lost := m.pipe.PutWait(m.saveOf(rec, until, owner))
	m.put(rec, seq, lost)
	return done
}

func (m *Manager) saveOf(rec *record, until int64, owner any) persist.Write {
	return persist.Write{ID: rec.name(), Op: persist.Save, Data: rec.data, Expires: m.at(until), Owner: owner}
}

func (m *Manager) put(rec *record, seq uint64, lost []persist.Write) {
	rec.seq, rec.saved = seq, 0
	m.loseAll(lost)
}

// loseAll takes note of what the limit on unsaved bytes pushed out.
func (m *Manager) loseAll(lost []persist.Write) {
	for _, w := range lost {
		m.lose(w, persist.ErrOverflow)
	}
}

// extend brings the store to keep the newest state until an instant: by a touch while it certainly has it, by
// a save when it may not.
func (m *Manager) extend(rec *record, until int64) {
	if m.pipe == nil || m.window() == 0 {
		return
	}
	switch lifecycle.Plan(m.factsOf(rec)) {
	case lifecycle.Touch:
		m.touch(rec, until)
	case lifecycle.Save:
		m.save(rec, until, nil)
	case lifecycle.Snapshot:
		m.shots.now(m, rec.conn)
	case lifecycle.Lost:
		m.gone(rec)
		m.touch(rec, until) // a touch that was to shorten its expiry may never have reached the store
	}
}

// gone notes that the newest state of a session is nowhere any more.
func (m *Manager) gone(rec *record) {
	m.event(slog.LevelError, eventStateGone, slog.String("session", HashID(rec.id)))
	if m.phase == stopping {
		m.shutdownLost(rec.name(), errGone)
	}
}

// errGone says why a shutdown could not save a session.
var errGone = errors.New("it expired in the store during an outage, and its state is not in memory")

// touch moves the expiry of the newest state. From now on the store may keep it no longer than that, whatever becomes
// of the touch.
func (m *Manager) touch(rec *record, until int64) {
	at := m.at(until)
	spare := rec.saved >= until && m.stored(rec)
	if spare {
		rec.saved, rec.savedTo = until, min(rec.savedTo, at.UnixMilli())
	}
	_, lost := m.pipe.Put(persist.Write{ID: rec.name(), Op: persist.Touch, Expires: at, Spare: spare})
	m.loseAll(lost)
}

// acknowledged notes that the store has these writes, some at a time.
func (m *Manager) acknowledged(ws []persist.Write) {
	for part := range slices.Chunk(ws, chunk) {
		m.mu.Lock()
		for i := range part {
			m.acknowledge(&part[i])
		}
		m.unlock()
	}
}

func (m *Manager) acknowledge(w *persist.Write) {
	if w.Op == persist.Delete || w.Op == persist.Save && w.Seq >= m.lostSeq[w.ID] {
		delete(m.lost, w.ID)
	}
	rec := m.records.find(w.ID)
	if rec == nil || w.Op == persist.Delete {
		return
	}
	if w.Op == persist.Save && w.Seq >= rec.seq && rec.seq != 0 {
		m.kept(rec, w)
		m.lighten(rec)
	} else if w.Op == persist.Touch && rec.saved != 0 {
		m.touched(rec, w)
	}
	if c, ok := w.Owner.(*connection); ok && rec.conn == c {
		m.notice(c, w.Data)
	}
}

// kept notes until when the store has the newest state.
func (m *Manager) kept(rec *record, w *persist.Write) {
	rec.saved, rec.savedTo = int64(w.Expires.Sub(m.start)), w.Expires.UnixMilli()
}

// touched notes an acknowledged touch. One that took until after the expiry it was to move may have come too late, which
// a store does not say: the state is saved again.
func (m *Manager) touched(rec *record, w *persist.Write) {
	if m.stored(rec) || !w.Expires.After(m.mu.time()) || rec.refused {
		m.kept(rec, w)
		if m.stored(rec) && !rec.refused {
			m.lighten(rec)
		}
		return
	}
	rec.seq, rec.saved = 0, 0
	switch facts := m.factsOf(rec); {
	case lifecycle.Plan(facts) == lifecycle.Lost:
		m.gone(rec)
	case rec.state == lifecycle.Connected:
		m.extend(rec, m.connectedUntil())
	default:
		m.extend(rec, rec.windowEnd()) // it may have been disconnected since
	}
}

// lighten frees state that the store has and that a snapshot can bring back.
func (m *Manager) lighten(rec *record) {
	if rec.state == lifecycle.Connected && rec.conn.snapshot != nil {
		rec.data = nil
	}
}

// notice tells a connection that a snapshot of it is durable, one at a time and in order.
func (m *Manager) notice(c *connection, data []byte) {
	if c.onDurable == nil {
		return
	}
	c.notices = append(c.notices, data)
	if !c.notifying {
		c.notifying = true
		m.later(func() { m.tell(c) })
	}
}

func (m *Manager) tell(c *connection) {
	for {
		m.mu.Lock()
		if len(c.notices) == 0 || c.rec.conn != c {
			c.notices, c.notifying = nil, false
			m.mu.Unlock()
			return
		}
		data := c.notices[0]
		c.notices = c.notices[1:]
		m.mu.Unlock()
		c.onDurable(data)
	}
}

// unshortened notes that the store keeps a session for longer than its window, without the touch that was to shorten it.
func (m *Manager) unshortened(rec *record, w persist.Write) {
	if w.Spare && rec.state == lifecycle.Detached {
		rec.saved = max(rec.saved, rec.windowEnd()+1)
	}
}

// givenUp notes that a write will not reach the store.
func (m *Manager) givenUp(w persist.Write, err error) {
	m.mu.Lock()
	defer m.unlock()
	if errors.Is(err, persist.ErrExpired) {
		if rec := m.records.find(w.ID); rec == nil {
			m.graves.expire(w.ID, true, m.now(), m.memory())
		} else if w.Op == persist.Save && w.Seq >= rec.seq {
			rec.seq, rec.saved = 0, 0
		} else if w.Op == persist.Touch && rec.state == lifecycle.Detached {
			rec.saved = 0 // its window has ended, and the store may keep it for longer
		}
		return
	}
	m.lose(w, err)
}

// lose counts what will not reach the store. What of it is still in memory stays there, and a shutdown saves it again.
//
// Without a spare touch the store keeps a session for longer than it has to, and nothing is lost. Without another one,
// that of a detached session which an outage has kept from being touched for long, the store drops it before its
// window ends: it can be resumed only while it is in memory.
func (m *Manager) lose(w persist.Write, err error) {
	rec, overflow := m.records.find(w.ID), errors.Is(err, persist.ErrOverflow)
	if overflow {
		err = ErrStateLost
	}
	if m.phase == stopping {
		m.shutdownLost(w.ID, err)
		m.lostSeq[w.ID] = w.Seq
	} else if overflow && w.Op == persist.Touch && rec != nil && rec.conn != nil {
		return // it is touched again at its next keepalive
	}
	if !w.Spare {
		m.counts.lost++
		m.event(slog.LevelError, eventStateLost, slog.String("session", HashID(w.ID)), slog.Int("bytes", len(w.Data)), slog.Any("error", err))
	}
	if rec == nil || w.Seq < rec.seq {
		return
	}
	if overflow && w.Op == persist.Touch && rec.data == nil {
		m.unshortened(rec, w)
		return
	}
	rec.seq, rec.saved = 0, 0
	rec.refused = rec.refused || !overflow
	if rec.state == lifecycle.Connected && rec.conn.snapshot != nil && overflow {
		rec.data = nil
		m.mark(rec.conn)
	}
}
