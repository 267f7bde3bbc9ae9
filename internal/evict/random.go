package evict

// Random is the queue in which every item is as likely to go first as any other, in constant time.
type Random[T any] struct {
	items []*Item[T]
	intn  func(n int) int
}

// NewRandom returns an empty queue. intn returns a number from 0 to n-1, each as likely.
func NewRandom[T any](intn func(n int) int) *Random[T] { return &Random[T]{intn: intn} }

// Len returns the number of items.
func (r *Random[T]) Len() int { return len(r.items) }

// Add puts an item in.
func (r *Random[T]) Add(it *Item[T]) {
	if it.index != 0 {
		return
	}
	r.items = append(r.items, it)
	it.index = len(r.items)
}

// Touch does nothing: use does not change the odds.
func (r *Random[T]) Touch(*Item[T]) {}

// Remove takes an item out; the last one takes its place.
func (r *Random[T]) Remove(it *Item[T]) {
	if it.index == 0 {
		return
	}
	last := len(r.items) - 1
	moved := r.items[last]
	r.items[it.index-1], moved.index = moved, it.index
	r.items[last] = nil
	r.items = r.items[:last]
	it.index = 0
}

// Next returns any item, another one each time.
func (r *Random[T]) Next() *Item[T] {
	if len(r.items) == 0 {
		return nil
	}
	return r.items[r.intn(len(r.items))]
}
