package evict

// Random is the queue in which every thing is as likely to go first as any other, in constant time.
type Random[T any, P Linked[T]] struct {
	things []*T
	intn   func(n int) int
}

// NewRandom returns an empty queue. intn returns a number from 0 to n-1, each as likely.
func NewRandom[T any, P Linked[T]](intn func(n int) int) *Random[T, P] {
	return &Random[T, P]{intn: intn}
}

// Len returns the number of things.
func (r *Random[T, P]) Len() int { return len(r.things) }

// Add puts a thing in.
func (r *Random[T, P]) Add(t *T) {
	if at := P(t).EvictLinks(); at.index == 0 {
		r.things = append(r.things, t)
		at.index = len(r.things)
	}
}

// Touch does nothing: use does not change the odds.
func (r *Random[T, P]) Touch(*T) {}

// Remove takes a thing out; the last one takes its place.
func (r *Random[T, P]) Remove(t *T) {
	at := P(t).EvictLinks()
	if at.index == 0 {
		return
	}
	last := len(r.things) - 1
	moved := r.things[last]
	r.things[at.index-1] = moved
	P(moved).EvictLinks().index = at.index
	r.things[last] = nil
	r.things = r.things[:last]
	at.index = 0
}

// Next returns any thing, another one each time.
func (r *Random[T, P]) Next() *T {
	if len(r.things) == 0 {
		return nil
	}
	return r.things[r.intn(len(r.things))]
}
