// Package evict decides which of many things goes first. Each policy is a pure, intrusive structure: no clock, no
// locks, no goroutines, no allocation per thing.
package evict

// Links is a thing's place in a Queue. Embed it, and return its address from EvictLinks.
type Links[T any] struct {
	prev, next *T
	index      int // one more than the position in a slice; for lists 1; 0 when it is in no queue
}

// Queued reports whether the thing is in a queue.
func (l *Links[T]) Queued() bool { return l.index != 0 }

// Linked is a pointer to a thing that has Links.
type Linked[T any] interface {
	*T
	EvictLinks() *Links[T]
}

// Queue holds things and names the one that goes first. Add and Touch make a thing the one used last; Add of one that
// is in the queue already, and Touch or Remove of one that is not, do nothing.
type Queue[T any] interface {
	Add(t *T)
	Touch(t *T)
	Remove(t *T)

	// Next returns the thing that goes first and leaves it where it is; nil when the queue is empty.
	Next() *T
	Len() int
}
