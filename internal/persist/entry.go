package persist

import (
	"container/list"
	"time"
)

// entry is what waits or is under way for one session.
type entry struct {
	id       string
	next     Write // not begun; Op None when there is nothing
	fly      Write // in a worker's hands
	attempts int   // failures in a row
	alone    bool  // not in a batch with others: it, or one it was with, was refused
	place    place
	due      time.Time // when it may be tried again, in the waiting heap
	index    int       // in the waiting heap
	age      *list.Element
	waiters  []waiter
}

// place says which queue an entry is in.
type place uint8

const (
	nowhere place = iota // in flight, or new
	ready
	waiting
)

// waiter wants to know when a write, or a later one, is durable.
type waiter struct {
	seq  uint64
	done chan error
}

// kind is the kind of batch in which an entry's next write may go: None when it must go by itself.
func (e *entry) kind() Op {
	if e.alone {
		return None
	}
	return e.next.Op
}

// merge makes w the newest state, given what is still to be done. It reports whether w counts.
func (e *entry) merge(w Write) bool {
	if w.Op != Delete && (e.next.Op == Delete || e.fly.Op == Delete) {
		return false
	}
	if w.Op == Touch && e.next.Op == Save {
		e.next.Expires, e.next.Seq = w.Expires, w.Seq
		return true
	}
	e.next = w
	return true
}

// restore puts a failed write back, unless something newer stands in for it.
func (e *entry) restore() {
	failed := e.fly
	e.fly = Write{}
	switch {
	case e.next.Op == None, failed.Op == Delete:
		e.next = failed
	case e.next.Op == Touch && failed.Op == Save:
		failed.Expires, failed.Seq = e.next.Expires, e.next.Seq
		e.next = failed
	}
}

// pending returns the newest state that is not durable.
func (e *entry) pending() Write {
	if e.fly.Op == Delete {
		return e.fly
	}
	if e.next.Op == Touch && e.fly.Op == Save {
		w := e.fly
		w.Expires = e.next.Expires
		return w
	}
	if e.next.Op == None {
		return e.fly
	}
	return e.next
}

// bytes is the size of the state the entry keeps in memory.
func (e *entry) bytes() int64 { return int64(len(e.next.Data) + len(e.fly.Data)) }

// resolve tells waiters for writes up to seq how theirs ended.
func (e *entry) resolve(seq uint64, err error) {
	kept := e.waiters[:0]
	for _, w := range e.waiters {
		if w.seq > seq {
			kept = append(kept, w)
			continue
		}
		w.done <- err
	}
	clear(e.waiters[len(kept):])
	e.waiters = kept
}

// byDue is the heap of entries that wait for another try.
type byDue []*entry

func (h byDue) Len() int           { return len(h) }
func (h byDue) Less(i, j int) bool { return h[i].due.Before(h[j].due) }
func (h byDue) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *byDue) Push(x any) {
	e := x.(*entry)
	e.index = len(*h)
	*h = append(*h, e)
}

func (h *byDue) Pop() any {
	old := *h
	e := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return e
}
