package evict

// Oldest is the queue whose item of the lowest Age goes first: a heap, so that changes take logarithmic time.
type Oldest[T any] struct{ heap []*Item[T] }

// NewOldest returns an empty queue ordered by Age.
func NewOldest[T any]() *Oldest[T] { return &Oldest[T]{} }

// Len returns the number of items.
func (o *Oldest[T]) Len() int { return len(o.heap) }

// Add puts an item in its place.
func (o *Oldest[T]) Add(it *Item[T]) {
	if it.index != 0 {
		return
	}
	o.heap = append(o.heap, it)
	it.index = len(o.heap)
	o.up(it.index - 1)
}

// Touch does nothing: use does not change age.
func (o *Oldest[T]) Touch(*Item[T]) {}

// Remove takes an item out.
func (o *Oldest[T]) Remove(it *Item[T]) {
	if it.index == 0 {
		return
	}
	i, last := it.index-1, len(o.heap)-1
	o.swap(i, last)
	o.heap[last] = nil
	o.heap = o.heap[:last]
	it.index = 0
	if i < last {
		o.down(i)
		o.up(i)
	}
}

// Next returns the item of the lowest Age.
func (o *Oldest[T]) Next() *Item[T] {
	if len(o.heap) == 0 {
		return nil
	}
	return o.heap[0]
}

func (o *Oldest[T]) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if o.heap[parent].Age <= o.heap[i].Age {
			return
		}
		o.swap(i, parent)
		i = parent
	}
}

func (o *Oldest[T]) down(i int) {
	for {
		least := 2*i + 1
		if least >= len(o.heap) {
			return
		}
		if r := least + 1; r < len(o.heap) && o.heap[r].Age < o.heap[least].Age {
			least = r
		}
		if o.heap[i].Age <= o.heap[least].Age {
			return
		}
		o.swap(i, least)
		i = least
	}
}

func (o *Oldest[T]) swap(i, j int) {
	o.heap[i], o.heap[j] = o.heap[j], o.heap[i]
	o.heap[i].index, o.heap[j].index = i+1, j+1
}
