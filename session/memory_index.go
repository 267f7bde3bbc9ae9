package session

import "math/bits"

// A shard finds its sessions by a hash of their IDs, in chains of records. There are two to four chains for a session:
// each insertion may split two chains and each removal join a few, so that the table is never rebuilt as a whole. With
// n chains a hash belongs to the chain that its low bits name; where these are n or more, one bit less names it.

// chain returns the number of the chain to which a hash belongs. There must be one.
func (s *memoryShard) chain(hash uint32) int {
	mask := uint32(1)<<bits.Len32(uint32(s.heads.Len()-1)) - 1
	if i := int(hash & mask); i < s.heads.Len() {
		return i
	}
	return int(hash & (mask >> 1))
}

// find returns the record of a session, or the zero handle.
func (s *memoryShard) find(hash uint32, id string) (recordHandle, memoryRecord) {
	if s.heads.Len() == 0 {
		return 0, nil
	}
	for h := *s.heads.At(s.chain(hash)); h != 0; {
		r := s.record(h)
		if r.is(hash, id) {
			return h, r
		}
		h = r.next()
	}
	return 0, nil
}

func (s *memoryShard) record(h recordHandle) memoryRecord { return s.records.Bytes(h) }

// link puts a record that has its hash at the head of its chain.
func (s *memoryShard) link(h recordHandle, r memoryRecord) {
	for range 2 {
		if s.heads.Len() < 2*s.queue.len() {
			s.split()
		}
	}
	head := s.heads.At(s.chain(r.hash()))
	r.setNext(*head)
	*head = h
}

// relink makes what led to one record of a chain lead to another one, or to the next.
func (s *memoryShard) relink(hash uint32, from, to recordHandle) {
	head := s.heads.At(s.chain(hash))
	if *head == from {
		*head = to
		return
	}
	for h := *head; h != 0; {
		r := s.record(h)
		if h = r.next(); h == from {
			r.setNext(to)
			return
		}
	}
}

// join ends chains while there are more than are worth their memory.
func (s *memoryShard) join() {
	for range 4 {
		if s.heads.Len() > 4*s.queue.len() {
			s.joinLast()
		}
	}
}

// split adds a chain, and moves to it what belongs there.
func (s *memoryShard) split() {
	last := s.heads.Len()
	s.heads.Push(0)
	if last == 0 {
		return
	}
	old := s.heads.At(parentChain(last))
	h := *old
	*old = 0
	for h != 0 {
		r := s.record(h)
		head, next := s.heads.At(s.chain(r.hash())), r.next()
		r.setNext(*head)
		*head, h = h, next
	}
}

// joinLast removes the last chain, and moves its records to where they belong now.
func (s *memoryShard) joinLast() {
	h := s.heads.Pop()
	for h != 0 {
		r := s.record(h)
		head, next := s.heads.At(s.chain(r.hash())), r.next()
		r.setNext(*head)
		*head, h = h, next
	}
}

// parentChain returns the chain that a chain was split from: its number without the highest bit.
func parentChain(i int) int { return i &^ (1 << (bits.Len(uint(i)) - 1)) }
