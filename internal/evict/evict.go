// Package evict decides which of many things goes first. Each policy is a pure, intrusive structure: no clock, no
// locks, no goroutines, no allocation per item.
package evict

// Item is a thing's place in a Queue. Embed it and set Owner; Age and Group before it is added.
type Item[T any] struct {
	Owner *T

	// Age orders the items of Oldest: the lowest goes first.
	Age int64

	// Group tells the items of Fair apart.
	Group string

	prev, next *Item[T]
	group      *group[T]
	index      int // one more than the position in a slice; for lists 1; 0 when it is in no queue
}

// Queued reports whether the item is in a queue.
func (it *Item[T]) Queued() bool { return it.index != 0 }

// Queue holds items and names the one that goes first. Add and Touch make an item the one used last; Add of an
// item that is in the queue already, and Touch or Remove of one that is not, do nothing.
type Queue[T any] interface {
	Add(it *Item[T])
	Touch(it *Item[T])
	Remove(it *Item[T])

	// Next returns the item that goes first and leaves it where it is; nil when the queue is empty.
	Next() *Item[T]
	Len() int
}
