package soak

import (
	"fmt"
	"sync"
	"time"
)

// sharedLog holds what was written to the sessions that all clients write. They are never deleted and do not expire.
type sharedLog struct {
	mu     sync.Mutex
	writes map[string]map[uint64]*sharedWrite
}

type sharedWrite struct{ start, end time.Time } // end is zero until it is acknowledged

func newSharedLog() *sharedLog { return &sharedLog{writes: map[string]map[uint64]*sharedWrite{}} }

func (s *sharedLog) begin(id string, version uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.writes[id] == nil {
		s.writes[id] = map[uint64]*sharedWrite{}
	}
	s.writes[id][version] = &sharedWrite{start: time.Now()}
}

func (s *sharedLog) acknowledged(id string, version uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes[id][version].end = time.Now()
}

// check says what is wrong with a version that a read which began at start found, "" for nothing.
func (s *sharedLog) check(id string, version uint64, start time.Time) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.writes[id][version]
	if version != 0 && found == nil {
		return fmt.Sprintf("shared session %s has version %d, which nobody wrote", id, version)
	}
	if version != 0 && found.end.IsZero() {
		return "" // its writer was not told, so it may have been written at any time
	}
	for newer, w := range s.writes[id] {
		if w.end.IsZero() || !w.end.Before(start) {
			continue
		}
		if version == 0 || w.start.After(found.end) {
			return fmt.Sprintf("shared session %s has version %d: %d was written after it and acknowledged", id, version, newer)
		}
	}
	return ""
}
