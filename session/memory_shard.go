package session

import (
	"strings"
	"sync"
	"time"
)

const (
	maxDuration = time.Duration(1<<63 - 1)

	// A block of at least shrinkBytes is given back when less than a quarter of it is used.
	shrinkBytes = 4 << 10

	// A shard that held at least shrinkEntries and is empty gives back what its map and heap had grown to.
	shrinkEntries = 1024
)

// memoryShard is one part of a MemoryStore. Its methods need mu held for writing.
type memoryShard struct {
	mu      sync.RWMutex
	entries map[string]*memoryEntry // nil when the store is closed
	expiry  expiryHeap
	_       [48]byte // keeps the locks of two shards off one cache line
}

// memoryEntry is one session. It is in the shard's map and in its heap, or in neither.
type memoryEntry struct {
	id       string
	data     []byte
	deadline time.Duration
	queued   time.Duration // at of its heap node: a copy, so that most calls leave the heap alone
	pos      uint32        // of its heap node
	slot     uint32        // in the heap's slots
}

// save puts a copy of data under id, into the block that is there if it fits.
func (s *memoryShard) save(id string, data []byte, now, deadline time.Duration) {
	e := s.entries[id]
	if deadline <= now {
		s.remove(e)
		return
	}
	if e == nil {
		e = &memoryEntry{id: strings.Clone(id), deadline: deadline}
		s.entries[e.id] = e
		s.expiry.push(e)
	}
	if len(data) > cap(e.data) || (cap(e.data) >= shrinkBytes && len(data) < cap(e.data)/4) {
		e.data = nil
	}
	e.data = append(e.data[:0], data...)
	e.deadline = deadline
	s.expiry.moved(e)
}

// touch moves the deadline of an entry; one that has passed removes it.
func (s *memoryShard) touch(e *memoryEntry, now, deadline time.Duration) {
	if deadline <= now {
		s.remove(e)
		return
	}
	e.deadline = deadline
	s.expiry.moved(e)
}

func (s *memoryShard) remove(e *memoryEntry) {
	if e == nil {
		return
	}
	delete(s.entries, e.id)
	s.expiry.remove(e)
	if len(s.entries) == 0 && cap(s.expiry.slots) >= shrinkEntries {
		s.entries, s.expiry = map[string]*memoryEntry{}, expiryHeap{}
	}
}

// sweep looks at no more than most entries that may have expired, removes those that have, and reports whether
// more may be left.
func (s *memoryShard) sweep(now time.Duration, most int) (more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range most {
		e := s.expiry.due(now)
		if e == nil {
			return false
		}
		if e.deadline <= now {
			s.remove(e)
		} else {
			s.expiry.requeue(e)
		}
	}
	return true
}

// drop forgets everything and marks the shard closed.
func (s *memoryShard) drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entries, s.expiry = nil, expiryHeap{}
}
