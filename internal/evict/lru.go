package evict

// LRU is the queue whose item used the longest time ago goes first, in constant time.
type LRU[T any] struct {
	root Item[T]
	n    int
}

// NewLRU returns an empty LRU queue.
func NewLRU[T any]() *LRU[T] { return &LRU[T]{} }

// Len returns the number of items.
func (l *LRU[T]) Len() int { return l.n }

// Add puts an item last.
func (l *LRU[T]) Add(it *Item[T]) {
	if it.index != 0 {
		return
	}
	if l.root.next == nil {
		l.root.next, l.root.prev = &l.root, &l.root
	}
	it.prev, it.next = l.root.prev, &l.root
	it.prev.next, it.next.prev = it, it
	it.index = 1
	l.n++
}

// Touch moves an item to the end.
func (l *LRU[T]) Touch(it *Item[T]) {
	if it.index == 0 {
		return
	}
	l.Remove(it)
	l.Add(it)
}

// Remove takes an item out.
func (l *LRU[T]) Remove(it *Item[T]) {
	if it.index == 0 {
		return
	}
	it.prev.next, it.next.prev = it.next, it.prev
	it.prev, it.next, it.index = nil, nil, 0
	l.n--
}

// Next returns the item used the longest time ago.
func (l *LRU[T]) Next() *Item[T] {
	if l.n == 0 {
		return nil
	}
	return l.root.next
}
