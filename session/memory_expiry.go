package session

import (
	"time"

	"github.com/limpet-go/limpet/internal/slab"
)

// expiryQueue orders the records of a shard by when they have to be looked at next, which is at their deadline or
// earlier: a deadline that moves later, as those of busy sessions do all the time, leaves the queue as it is, and the
// record is queued again when its turn comes.
//
// It is a heap in which each node has four below it, and has as many nodes as the shard has sessions.
type expiryQueue struct {
	nodes slab.Array[expiryNode]
}

type expiryNode struct {
	at     time.Duration // never after the record's deadline
	record recordHandle
}

func (q *expiryQueue) len() int { return q.nodes.Len() }

// due returns the record to look at first if its time has come.
func (q *expiryQueue) due(now time.Duration) (h recordHandle, ok bool) {
	if q.len() == 0 || q.nodes.At(0).at > now {
		return 0, false
	}
	return q.nodes.At(0).record, true
}

// enqueue orders a new record by its deadline.
func (s *memoryShard) enqueue(h recordHandle, r memoryRecord) {
	n := expiryNode{r.deadline(), h}
	s.queue.nodes.Push(n)
	s.up(s.queue.len()-1, n)
}

// setDeadline moves a record's deadline.
func (s *memoryShard) setDeadline(r memoryRecord, deadline time.Duration) {
	sooner := deadline < r.deadline()
	r.setDeadline(deadline)
	if sooner && deadline < s.queue.nodes.At(r.place()).at {
		s.requeue(r)
	}
}

// requeue orders a record by its deadline.
func (s *memoryShard) requeue(r memoryRecord) {
	n := expiryNode{r.deadline(), s.queue.nodes.At(r.place()).record}
	s.settle(r.place(), n)
}

// dequeue takes a record out; the last node fills the gap.
func (s *memoryShard) dequeue(r memoryRecord) {
	last := s.queue.nodes.Pop()
	if i := r.place(); i < s.queue.len() {
		s.settle(i, last)
	}
}

// settle puts a node where it belongs, starting from i.
func (s *memoryShard) settle(i int, n expiryNode) {
	if i > 0 && n.at < s.queue.nodes.At((i-1)/4).at {
		s.up(i, n)
	} else {
		s.down(i, n)
	}
}

// up puts a node at i or as far towards the root as it belongs.
func (s *memoryShard) up(i int, n expiryNode) {
	for i > 0 {
		above := (i - 1) / 4
		if a := *s.queue.nodes.At(above); a.at > n.at {
			s.put(i, a)
			i = above
			continue
		}
		break
	}
	s.put(i, n)
}

// down puts a node at i or as far from the root as it belongs.
func (s *memoryShard) down(i int, n expiryNode) {
	for {
		child := s.firstBelow(i)
		if child == 0 || s.queue.nodes.At(child).at >= n.at {
			break
		}
		s.put(i, *s.queue.nodes.At(child))
		i = child
	}
	s.put(i, n)
}

// firstBelow returns which node below i goes first; zero when there is none.
func (s *memoryShard) firstBelow(i int) (first int) {
	at := maxDuration
	for child := 4*i + 1; child <= 4*i+4 && child < s.queue.len(); child++ {
		if c := s.queue.nodes.At(child).at; first == 0 || c < at {
			first, at = child, c
		}
	}
	return first
}

// put sets a node, and tells its record where it is.
func (s *memoryShard) put(i int, n expiryNode) {
	*s.queue.nodes.At(i) = n
	s.record(n.record).setPlace(i)
}
