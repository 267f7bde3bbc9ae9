package evict

// Aged is a pointer to a thing that has Links and an age.
type Aged[T any] interface {
	Linked[T]

	// EvictAge orders things: the lowest goes first. It does not change while the thing is in a queue.
	EvictAge() int64
}

// Oldest is the queue whose thing of the lowest age goes first: a heap, so that changes take logarithmic time. The zero
// Oldest is empty.
type Oldest[T any, P Aged[T]] struct{ heap []*T }

// NewOldest returns an empty queue ordered by age.
func NewOldest[T any, P Aged[T]]() *Oldest[T, P] { return &Oldest[T, P]{} }

// Len returns the number of things.
func (o *Oldest[T, P]) Len() int { return len(o.heap) }

// Add puts a thing in its place.
func (o *Oldest[T, P]) Add(t *T) {
	if at := P(t).EvictLinks(); at.index == 0 {
		o.heap = append(o.heap, t)
		at.index = len(o.heap)
		o.up(at.index - 1)
	}
}

// Touch does nothing: use does not change age.
func (o *Oldest[T, P]) Touch(*T) {}

// Remove takes a thing out.
func (o *Oldest[T, P]) Remove(t *T) {
	at := P(t).EvictLinks()
	if at.index == 0 {
		return
	}
	i, last := at.index-1, len(o.heap)-1
	o.swap(i, last)
	o.heap[last] = nil
	o.heap = o.heap[:last]
	at.index = 0
	if i < last {
		o.down(i)
		o.up(i)
	}
}

// Next returns the thing of the lowest age.
func (o *Oldest[T, P]) Next() *T {
	if len(o.heap) == 0 {
		return nil
	}
	return o.heap[0]
}

func (o *Oldest[T, P]) age(i int) int64 { return P(o.heap[i]).EvictAge() }

func (o *Oldest[T, P]) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if o.age(parent) <= o.age(i) {
			return
		}
		o.swap(i, parent)
		i = parent
	}
}

func (o *Oldest[T, P]) down(i int) {
	for {
		least := 2*i + 1
		if least >= len(o.heap) {
			return
		}
		if r := least + 1; r < len(o.heap) && o.age(r) < o.age(least) {
			least = r
		}
		if o.age(i) <= o.age(least) {
			return
		}
		o.swap(i, least)
		i = least
	}
}

func (o *Oldest[T, P]) swap(i, j int) {
	o.heap[i], o.heap[j] = o.heap[j], o.heap[i]
	P(o.heap[i]).EvictLinks().index, P(o.heap[j]).EvictLinks().index = i+1, j+1
}
