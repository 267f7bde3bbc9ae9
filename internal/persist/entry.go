package persist

import (
	"sync"
	"time"
)

// entry is what waits or is under way for one session.
type entry struct {
	next     Write  // not begun; Op None when there is nothing, and the ID all the same
	fly      *Write // in a worker's hands, which own it; nil when there is nothing
	waiters  *waiter
	links    [lists]links
	since    time.Duration // the pipeline's time at which the session began to wait
	index    int32         // in the waiting heap
	place    place
	queue    Op    // which of the ready queues it is in
	aged     Op    // which of the lists by age it is in; None for none
	heard    bool  // the store acknowledged what is in flight
	attempts uint8 // failures in a row, as far as they matter
	alone    bool  // not in a batch with others: it, or one it was with, was refused
}

// place says what an entry waits for.
type place uint8

const (
	nowhere place = iota // in flight, or new
	ready                // for a worker
	waiting              // for the time of another try
)

// entries that are done are used again: in a storm there are many, and none for long.
var spareEntries = sync.Pool{New: func() any { return new(entry) }}

func newEntry(id string) *entry {
	e := spareEntries.Get().(*entry)
	e.next.ID = id
	return e
}

// free gives back an entry that is in no list.
func (e *entry) free() {
	*e = entry{}
	spareEntries.Put(e)
}

// waiter wants to know when a write, or a later one, is durable.
type waiter struct {
	seq  uint64
	done chan error
	next *waiter
}

// kind is the kind of batch in which an entry's next write may go: None when it must go by itself.
func (e *entry) kind() Op {
	if e.alone {
		return None
	}
	return e.next.Op
}

// flies reports whether a write of some kind is in a worker's hands.
func (e *entry) flies(op Op) bool { return e.fly != nil && e.fly.Op == op }

// merge makes w the newest state, given what is still to be done. It reports whether w counts.
func (e *entry) merge(w Write) bool {
	if w.Op != Delete && (e.next.Op == Delete || e.flies(Delete)) {
		return false
	}
	if w.Op == Touch && e.next.Op == Save {
		e.next.Expires, e.next.Seq = w.Expires, w.Seq
		return true
	}
	w.ID = e.next.ID
	w.Spare = w.Spare && e.fly == nil
	e.next = w
	return true
}

// restore puts a failed write back, unless something newer stands in for it.
func (e *entry) restore() {
	failed := *e.fly
	e.fly = nil
	switch {
	case e.next.Op == None, failed.Op == Delete:
		e.next = failed
	case e.next.Op == Touch && failed.Op == Save:
		failed.Expires, failed.Seq = e.next.Expires, e.next.Seq
		e.next = failed
	}
}

// drop forgets what is not begun.
func (e *entry) drop() { e.next = Write{ID: e.next.ID} }

// pending returns the newest state that is not durable.
func (e *entry) pending() Write {
	switch {
	case e.fly == nil || e.heard:
		return e.next
	case e.flies(Delete), e.next.Op == None:
		return *e.fly
	case e.next.Op == Touch && e.flies(Save):
		w := *e.fly
		w.Expires = e.next.Expires
		return w
	}
	return e.next
}

// newest is the number of the newest write.
func (e *entry) newest() uint64 {
	if e.next.Op == None && e.fly != nil {
		return e.fly.Seq
	}
	return e.next.Seq
}

// bytes is the size of the state the entry keeps in memory.
func (e *entry) bytes() int64 {
	n := len(e.next.Data)
	if e.fly != nil {
		n += len(e.fly.Data)
	}
	return int64(n)
}

// await returns a channel that receives the outcome of a write.
func (e *entry) await(seq uint64) <-chan error {
	w := &waiter{seq: seq, done: make(chan error, 1), next: e.waiters}
	e.waiters = w
	return w.done
}

// resolve tells waiters for writes up to seq how theirs ended.
func (e *entry) resolve(seq uint64, err error) { e.resolveAfter(0, seq, err) }

// resolveAfter is resolve for writes after another one.
func (e *entry) resolveAfter(after, seq uint64, err error) {
	for at := &e.waiters; *at != nil; {
		w := *at
		if w.seq > seq || w.seq <= after {
			at = &w.next
			continue
		}
		w.done <- err
		*at = w.next
	}
}

// byDue is the heap of entries that wait for another try.
type byDue []retry

type retry struct {
	*entry
	due time.Time
}

func (h byDue) Len() int           { return len(h) }
func (h byDue) Less(i, j int) bool { return h[i].due.Before(h[j].due) }
func (h byDue) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = int32(i), int32(j)
}

func (h *byDue) Push(x any) {
	r := x.(retry)
	r.index = int32(len(*h))
	*h = append(*h, r)
}

func (h *byDue) Pop() any {
	old := *h
	last := len(old) - 1
	r := old[last]
	old[last] = retry{}
	*h = old[:last]
	return r
}
