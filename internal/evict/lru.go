package evict

// LRU is the queue whose thing used the longest time ago goes first, in constant time.
type LRU[T any, P Linked[T]] struct {
	first, last *T
	n           int
}

// NewLRU returns an empty LRU queue.
func NewLRU[T any, P Linked[T]]() *LRU[T, P] { return &LRU[T, P]{} }

// Len returns the number of things.
func (l *LRU[T, P]) Len() int { return l.n }

// Add puts a thing last.
func (l *LRU[T, P]) Add(t *T) {
	at := P(t).EvictLinks()
	if at.index != 0 {
		return
	}
	at.prev, at.next, at.index = l.last, nil, 1
	if l.last == nil {
		l.first = t
	} else {
		P(l.last).EvictLinks().next = t
	}
	l.last = t
	l.n++
}

// Touch moves a thing to the end.
func (l *LRU[T, P]) Touch(t *T) {
	if l.last == t || P(t).EvictLinks().index == 0 {
		return
	}
	l.Remove(t)
	l.Add(t)
}

// Remove takes a thing out.
func (l *LRU[T, P]) Remove(t *T) {
	at := P(t).EvictLinks()
	if at.index == 0 {
		return
	}
	if at.prev == nil {
		l.first = at.next
	} else {
		P(at.prev).EvictLinks().next = at.next
	}
	if at.next == nil {
		l.last = at.prev
	} else {
		P(at.next).EvictLinks().prev = at.prev
	}
	*at = Links[T]{}
	l.n--
}

// Next returns the thing used the longest time ago.
func (l *LRU[T, P]) Next() *T { return l.first }
