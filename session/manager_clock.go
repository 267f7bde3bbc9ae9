package session

import (
	"sync"
	"time"
)

// clockedMutex is a mutex during whose hold time stands still: the clock is read once, when it is first asked for.
type clockedMutex struct {
	sync.Mutex
	read time.Time // zero while it was not asked for
}

// Unlock gives the lock back and lets time pass.
func (c *clockedMutex) Unlock() {
	c.read = time.Time{}
	c.Mutex.Unlock()
}

// time returns when the lock was taken, or a moment later. The lock is held.
func (c *clockedMutex) time() time.Time {
	if c.read.IsZero() {
		c.read = time.Now()
	}
	return c.read
}

// now returns the time as the records have it. The lock is held.
func (m *Manager) now() int64 { return int64(m.mu.time().Sub(m.start)) }

// at returns the instant of a record's time by the wall clock as it is now. That is not start plus t: the monotonic
// clock stands still while the machine sleeps and does not follow a correction, and stores keep wall time. The lock is
// held.
func (m *Manager) at(t int64) time.Time {
	now := m.mu.time()
	return now.Add(time.Duration(t) - now.Sub(m.start))
}
