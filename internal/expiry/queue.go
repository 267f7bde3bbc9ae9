// Package expiry keeps things in the order of their deadlines. It is pure data: no clock, no locks, no goroutines.
package expiry

// Node is a place in a Queue. Embed one for each queue that a value can be in, and set Owner to the value.
type Node[T any] struct {
	Owner *T

	prev, next *Node[T]
	due        int64
}

// Queued reports whether the node is in a queue.
func (n *Node[T]) Queued() bool { return n.next != nil }

// Due returns the deadline the node was last pushed with.
func (n *Node[T]) Due() int64 { return n.due }

// Queue is a list in ascending order of deadlines. It is meant for deadlines that mostly come in order, as those
// do that lie a fixed time ahead: then every method takes constant time. The zero Queue is empty.
type Queue[T any] struct {
	root Node[T]
	n    int
}

// Len returns the number of nodes.
func (q *Queue[T]) Len() int { return q.n }

// First returns the node with the earliest deadline, nil when there is none.
func (q *Queue[T]) First() *Node[T] {
	if q.n == 0 {
		return nil
	}
	return q.root.next
}

// Push puts a node behind all whose deadline is not later. A node that is in the queue already is moved.
func (q *Queue[T]) Push(n *Node[T], due int64) {
	q.Remove(n)
	if q.root.next == nil {
		q.root.next, q.root.prev = &q.root, &q.root
	}
	at := q.root.prev
	for at != &q.root && at.due > due {
		at = at.prev
	}
	n.due = due
	n.prev, n.next = at, at.next
	n.prev.next, n.next.prev = n, n
	q.n++
}

// Remove takes a node out of the queue; it does nothing when the node is in none.
func (q *Queue[T]) Remove(n *Node[T]) {
	if n.next == nil {
		return
	}
	n.prev.next, n.next.prev = n.next, n.prev
	n.prev, n.next = nil, nil
	q.n--
}

// Pop removes and returns the first node that is due, nil when none is.
func (q *Queue[T]) Pop(now int64) *Node[T] {
	n := q.First()
	if n == nil || n.due > now {
		return nil
	}
	q.Remove(n)
	return n
}
