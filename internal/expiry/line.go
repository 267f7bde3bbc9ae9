package expiry

// Links is a thing's place in a Line. Embed it, and return its address from ExpiryLinks.
type Links[T any] struct {
	prev, next *T
	due        int64
}

// Due returns the deadline the thing was last pushed with.
func (l *Links[T]) Due() int64 { return l.due }

// Linked is a pointer to a thing that has Links.
type Linked[T any] interface {
	*T
	ExpiryLinks() *Links[T]
}

// Line is a Queue of things of which there are many, and that are in no other Line: they are linked themselves, which
// takes a pointer less for each. The zero Line is empty.
type Line[T any, P Linked[T]] struct {
	first, last *T
	n           int
}

// Len returns the number of things.
func (q *Line[T, P]) Len() int { return q.n }

// First returns the thing with the earliest deadline, nil when there is none.
func (q *Line[T, P]) First() *T { return q.first }

// Has reports whether a thing is in the line.
func (q *Line[T, P]) Has(t *T) bool { return q.first == t || P(t).ExpiryLinks().prev != nil }

// Push puts a thing behind all whose deadline is not later. One that is in the line already is moved.
func (q *Line[T, P]) Push(t *T, due int64) {
	q.Remove(t)
	at := q.last
	for at != nil && P(at).ExpiryLinks().due > due {
		at = P(at).ExpiryLinks().prev
	}
	next := q.first
	if at != nil {
		next = P(at).ExpiryLinks().next
	}
	*P(t).ExpiryLinks() = Links[T]{prev: at, next: next, due: due}
	q.join(at, t)
	q.join(t, next)
	q.n++
}

// Remove takes a thing out of the line, and leaves its deadline; it does nothing when the thing is in none.
func (q *Line[T, P]) Remove(t *T) {
	if !q.Has(t) {
		return
	}
	l := P(t).ExpiryLinks()
	q.join(l.prev, l.next)
	*l = Links[T]{due: l.due}
	q.n--
}

// join makes two things neighbours; nil is the end of the line.
func (q *Line[T, P]) join(a, b *T) {
	if a == nil {
		q.first = b
	} else {
		P(a).ExpiryLinks().next = b
	}
	if b == nil {
		q.last = a
	} else {
		P(b).ExpiryLinks().prev = a
	}
}

// Pop removes and returns the first thing that is due, nil when none is.
func (q *Line[T, P]) Pop(now int64) *T {
	t := q.first
	if t == nil || P(t).ExpiryLinks().due > now {
		return nil
	}
	q.Remove(t)
	return t
}
