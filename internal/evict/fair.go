package evict

// Fair is the queue that takes from the group that has most items, and of that one the item used the longest time
// ago, in constant time. Of groups of one size the one that reached it last goes first.
type Fair[T any] struct {
	groups map[string]*group[T]
	bySize []*group[T] // heads of lists of groups with that many items
	most   int
	n      int
}

type group[T any] struct {
	name       string
	items      LRU[T]
	prev, next *group[T]
}

// NewFair returns an empty queue ordered by the sizes of groups.
func NewFair[T any]() *Fair[T] {
	return &Fair[T]{groups: map[string]*group[T]{}, bySize: make([]*group[T], 1)}
}

// Len returns the number of items.
func (f *Fair[T]) Len() int { return f.n }

// Add puts an item last in its group.
func (f *Fair[T]) Add(it *Item[T]) {
	if it.index != 0 {
		return
	}
	g := f.groups[it.Group]
	if g == nil {
		g = &group[T]{name: it.Group}
		f.groups[it.Group] = g
	}
	f.unlink(g)
	g.items.Add(it)
	f.link(g)
	it.group = g
	f.n++
}

// Touch moves an item to the end of its group.
func (f *Fair[T]) Touch(it *Item[T]) {
	if it.index != 0 {
		it.group.items.Touch(it)
	}
}

// Remove takes an item out.
func (f *Fair[T]) Remove(it *Item[T]) {
	if it.index == 0 {
		return
	}
	g := it.group
	f.unlink(g)
	g.items.Remove(it)
	it.group = nil
	f.link(g)
	f.n--
}

// Next returns the item used the longest time ago in the largest group.
func (f *Fair[T]) Next() *Item[T] {
	if f.n == 0 {
		return nil
	}
	return f.bySize[f.most].items.Next()
}

// link puts a group in the list of its size, and forgets it when it is empty.
func (f *Fair[T]) link(g *group[T]) {
	size := g.items.Len()
	if size == 0 {
		delete(f.groups, g.name)
	} else {
		for len(f.bySize) <= size {
			f.bySize = append(f.bySize, nil)
		}
		g.prev, g.next = nil, f.bySize[size]
		if g.next != nil {
			g.next.prev = g
		}
		f.bySize[size] = g
		f.most = max(f.most, size)
	}
	for f.most > 0 && f.bySize[f.most] == nil { // sizes change by one, so this is one step at most
		f.most--
	}
}

// unlink takes a group out of the list of its size; an empty group is in none.
func (f *Fair[T]) unlink(g *group[T]) {
	size := g.items.Len()
	if size == 0 {
		return
	}
	if g.prev != nil {
		g.prev.next = g.next
	} else {
		f.bySize[size] = g.next
	}
	if g.next != nil {
		g.next.prev = g.prev
	}
	g.prev, g.next = nil, nil
}
