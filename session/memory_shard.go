package session

import (
	"errors"
	"sync"
	"time"

	"github.com/limpet-go/limpet/internal/slab"
)

const maxDuration = time.Duration(1<<63 - 1)

// errMemoryFull takes terabytes.
var errMemoryFull = errors.New("session: memory store: no room for another page")

// memoryShard is one part of a MemoryStore: records and data in blocks without pointers, the chains that find a record by
// the session's ID and the queue of their deadlines. When its last session goes, it gives all of its memory back. Its
// methods need mu held for writing; find, live, read, and what reads a record, for reading. A record is good until the
// next remove.
type memoryShard struct {
	mu      sync.RWMutex
	open    bool
	records slab.Slab
	data    slab.Slab                // each block is tagged with its record's handle
	heads   slab.Array[recordHandle] // of the chains
	queue   expiryQueue
	_       [64]byte // keeps the locks of two shards off one cache line
}

// count returns the number of sessions.
func (s *memoryShard) count() int { return s.queue.len() }

// live returns the record of a session that has not expired.
func (s *memoryShard) live(hash uint32, id string, now time.Duration) (memoryRecord, bool) {
	_, r := s.find(hash, id)
	return r, r != nil && r.deadline() > now
}

// save puts a copy of data under an ID. Only a new one has to be checked: none gets in that is not valid.
func (s *memoryShard) save(hash uint32, id string, data []byte, now, deadline time.Duration) error {
	h, r := s.find(hash, id)
	switch {
	case r == nil && !validID(id):
		return ErrInvalidSessionID
	case deadline <= now:
		s.remove(h, r)
	case r == nil:
		return s.insert(hash, id, data, deadline)
	case !s.write(h, r, data):
		return errMemoryFull
	default:
		s.setDeadline(r, deadline)
	}
	return nil
}

func (s *memoryShard) insert(hash uint32, id string, data []byte, deadline time.Duration) error {
	h := s.records.Alloc(recordID + len(id))
	if h == 0 {
		return errMemoryFull
	}
	r := s.record(h)
	r.setSizes(len(id), 0)
	r.setHash(hash)
	r.setData(0)
	copy(r[recordID:], id)
	if !s.write(h, r, data) {
		s.records.Free(h) // it is the one allocated last: none moves
		return errMemoryFull
	}
	r.setDeadline(deadline)
	s.enqueue(h, r)
	s.link(h, r)
	return nil
}

// touch moves the deadline of a session if it is live; one that has passed removes it.
func (s *memoryShard) touch(hash uint32, id string, now, deadline time.Duration) {
	switch h, r := s.find(hash, id); {
	case r == nil || r.deadline() <= now:
	case deadline <= now:
		s.remove(h, r)
	default:
		s.setDeadline(r, deadline)
	}
}

// remove removes a record; there may be none.
func (s *memoryShard) remove(h recordHandle, r memoryRecord) {
	if r == nil {
		return
	}
	s.relink(r.hash(), h, r.next())
	s.dequeue(r)
	s.discard(r.data())
	s.free(h)
	if s.join(); s.count() == 0 {
		s.clear()
	}
}

// free gives a record's block back. Another record may move into it.
func (s *memoryShard) free(h recordHandle) {
	moved := s.records.Free(h)
	if moved == 0 {
		return
	}
	r := s.record(h)
	s.relink(r.hash(), moved, h)
	s.queue.nodes.At(r.place()).record = h
	if r.data() != 0 {
		*s.data.Tag(r.data()) = uint32(h)
	}
}

// sweep looks at no more than most sessions that may have expired, removes those that have, and reports whether
// more may be left.
func (s *memoryShard) sweep(now time.Duration, most int) (more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range most {
		h, ok := s.queue.due(now)
		if !ok {
			return false
		}
		if r := s.record(h); r.deadline() <= now {
			s.remove(h, r)
		} else {
			s.requeue(r)
		}
	}
	return true
}

// drop forgets everything and marks the shard closed.
func (s *memoryShard) drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open = false
	s.clear()
}

// clear forgets everything.
func (s *memoryShard) clear() {
	s.records.Clear()
	s.data.Clear()
	s.heads, s.queue = slab.Array[recordHandle]{}, expiryQueue{}
}
