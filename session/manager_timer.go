package session

import (
	"runtime"
	"time"

	"github.com/limpet-go/limpet/internal/lifecycle"
)

// chunk is how many sessions one hold of the lock works on, so that a sweep of many stalls nobody.
const chunk = 64

// wakeup runs the manager's periodic work when something of it is due.
type wakeup struct {
	timer   *time.Timer
	at      int64 // when the timer fires; zero when it is not set
	sweep   int64 // when to look for expired sessions next; zero when there is nothing to look for
	working bool
	idle    chan struct{} // closed when the work ends; nil if nobody waits
}

// wakeAt makes the manager look after its sessions at a time at the latest.
func (m *Manager) wakeAt(at int64) {
	w := &m.clock
	if m.phase != running || w.working || w.at != 0 && w.at <= at {
		return
	}
	w.at = at
	d := time.Duration(at - m.now())
	if w.timer == nil {
		w.timer = time.AfterFunc(d, m.wake)
		return
	}
	w.timer.Reset(d)
}

// wakeForSweep makes sure that expired sessions are looked for.
func (m *Manager) wakeForSweep() {
	if m.clock.sweep == 0 && m.cfg.CleanupInterval > 0 {
		m.clock.sweep = m.now() + int64(m.cfg.CleanupInterval)
		m.wakeAt(m.clock.sweep)
	}
}

// wake does what is due, a chunk at a time, and sets the timer anew.
func (m *Manager) wake() {
	m.mu.Lock()
	if m.clock.working || m.phase != running {
		m.unlock()
		return
	}
	m.clock.working, m.clock.at = true, 0
	for m.phase == running && m.workChunk(m.now()) {
		m.unlock()
		runtime.Gosched() // who waits for the lock gets it first
		m.mu.Lock()
	}
	m.clock.working = false
	if m.clock.idle != nil {
		close(m.clock.idle)
		m.clock.idle = nil
	}
	m.wakeNext()
	m.unlock()
}

// workChunk does some of what is due and reports whether there may be more.
func (m *Manager) workChunk(now int64) bool {
	m.tellRefusals(now)
	more := m.shootDue(now)
	more = m.keepAlive(now) || more
	return m.sweepExpired(now) || more
}

func (m *Manager) shootDue(now int64) bool {
	for range chunk {
		n := m.shots.due.Pop(now)
		if n == nil {
			return false
		}
		m.shots.now(m, n.Owner)
	}
	return true
}

// sweepExpired drops sessions whose window has ended. One that is held then is not expired: it is about to be
// connected, or given back.
func (m *Manager) sweepExpired(now int64) bool {
	if m.clock.sweep == 0 || m.clock.sweep > now {
		return false
	}
	for range chunk {
		rec := m.windows.Pop(now)
		if rec == nil {
			return m.swept(now)
		}
		if rec.state == lifecycle.Detached {
			m.expire(rec)
		}
	}
	return true
}

// swept forgets what was remembered of sessions, some at a time, and reports whether there may be more.
func (m *Manager) swept(now int64) bool {
	for range chunk / 2 {
		if !m.graves.prune(now) {
			m.sweepAgain(now)
			return false
		}
	}
	return true
}

func (m *Manager) sweepAgain(now int64) {
	m.reserved.prune(now)
	m.clock.sweep = 0
	if m.windows.Len() > 0 || len(m.graves.byID) > 0 {
		m.clock.sweep = now + int64(m.cfg.CleanupInterval)
	}
}

// wakeNext sets the timer for what is due first.
func (m *Manager) wakeNext() {
	if n := m.shots.due.First(); n != nil {
		m.wakeAt(n.Due())
	}
	if n := m.keeps.first(); n != nil {
		m.wakeAt(n.Due())
	}
	if m.clock.sweep != 0 {
		m.wakeAt(m.clock.sweep)
	}
	m.wakeForRefusals()
}
