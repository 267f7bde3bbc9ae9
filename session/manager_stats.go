package session

import "time"

// ManagerStats says what a Manager holds and what it did since it was made. It takes the same short time however
// many sessions there are.
type ManagerStats struct {
	// Total is the number of sessions in memory (connected and detached).
	Total int

	// Connected is the number of sessions with a live socket, or that one is about to resume.
	Connected int

	// Detached is the number of sessions waiting for reconnection.
	Detached int

	// UniqueIPs is the number of different client addresses in their normal form.
	UniqueIPs int

	// DetachedBytes is the size of the detached sessions' state in memory.
	DetachedBytes int64

	// Dirty is the number of connected sessions whose newest state is not even in the write-behind queue.
	Dirty int

	// OldestDirty is how long the first of them has been dirty.
	OldestDirty time.Duration

	// Unsaved is the number of sessions in the write-behind queue, UnsavedBytes the size of their state there.
	Unsaved      int
	UnsavedBytes int64

	// OldestUnsaved is how long the first of them has waited for the store to take something of it: how far the store
	// is behind.
	OldestUnsaved time.Duration

	// Loading is the number of resumes that wait for the store.
	Loading int

	// Loaded counts sessions that a resume found in the store, LoadsMissed those it did not find there, Overloaded
	// resumes that were refused since too many waited.
	Loaded, LoadsMissed, Overloaded uint64

	// Evicted counts detached sessions that left memory for a limit, Expired those whose window ended here,
	// Removed those removed on purpose, TakenOver connections that a newer one replaced.
	Evicted, Expired, Removed, TakenOver uint64

	// LostUnsaved counts states that were given up before the store had them: past MaxUnsavedBytes, or refused
	// for good by the store or MaxSessionBytes; and longer expiries of detached sessions past MaxUnsavedBytes.
	LostUnsaved uint64

	// StoreErrors counts writes that the store failed and that were tried again.
	StoreErrors uint64
}

// Stats returns what the manager holds and did.
func (m *Manager) Stats() ManagerStats {
	m.mu.Lock()
	defer m.unlock()
	s := ManagerStats{
		Total:         m.records.len(),
		Connected:     m.limits.connected,
		Detached:      m.records.len() - m.limits.connected,
		UniqueIPs:     m.limits.addresses(),
		DetachedBytes: m.bytes,
		Dirty:         m.shots.ages.Len(),
		Evicted:       m.counts.evicted,
		Expired:       m.counts.expired,
		Removed:       m.counts.removed,
		TakenOver:     m.counts.takenOver,
		LostUnsaved:   m.counts.lost,
	}
	if n := m.shots.ages.First(); n != nil {
		s.OldestDirty = time.Duration(m.now() - n.Due())
	}
	l := m.loads.stats()
	s.Loading, s.Loaded, s.LoadsMissed, s.Overloaded = l.Waiting, l.Found, l.Missed, l.Refused
	if m.pipe != nil {
		p := m.pipe.Stats()
		s.Unsaved, s.UnsavedBytes, s.OldestUnsaved, s.StoreErrors = p.Sessions, p.Bytes, p.Oldest, p.Errors
	}
	return s
}
