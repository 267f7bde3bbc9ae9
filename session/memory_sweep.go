package session

import "time"

// memoryStep is how many entries are looked at while a lock is held.
const memoryStep = 64

// startSweeper starts the sweeper, or none for a negative interval. Close stops it.
func (m *MemoryStore) startSweeper(interval time.Duration) {
	if interval == 0 {
		interval = defaultCleanupInterval
	}
	if interval < 0 {
		close(m.swept)
		return
	}
	go func() {
		defer close(m.swept)
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for {
			select {
			case <-m.stop:
				return
			case <-ticker.C:
				m.sweep()
			}
		}
	}()
}

// sweep gives back the memory of expired sessions, and of what the user index has for them, a few under each hold of
// a lock.
func (m *MemoryStore) sweep() {
	for i := range m.shards {
		for m.shards[i].sweep(time.Since(m.base), memoryStep) {
		}
	}
	for m.sweepUsers(memoryStep) {
	}
}
