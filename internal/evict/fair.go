package evict

// Fair is the queue that takes from the group that has most things, and of that one the thing used the longest time
// ago, in constant time. Of groups of one size the one that reached it last goes first.
type Fair[T any, K comparable, P Linked[T]] struct {
	groupOf func(t *T) K
	groups  map[K]*group[T, K, P]
	bySize  []*group[T, K, P] // heads of lists of groups with that many things
	most    int
	n       int
}

type group[T any, K comparable, P Linked[T]] struct {
	name       K
	things     LRU[T, P]
	prev, next *group[T, K, P]
}

// NewFair returns an empty queue ordered by the sizes of groups. groupOf says to which one a thing belongs, always the
// same while it is in the queue.
func NewFair[T any, K comparable, P Linked[T]](groupOf func(t *T) K) *Fair[T, K, P] {
	return &Fair[T, K, P]{groupOf: groupOf, groups: map[K]*group[T, K, P]{}, bySize: make([]*group[T, K, P], 1)}
}

// Len returns the number of things.
func (f *Fair[T, K, P]) Len() int { return f.n }

// Add puts a thing last in its group.
func (f *Fair[T, K, P]) Add(t *T) {
	if P(t).EvictLinks().Queued() {
		return
	}
	name := f.groupOf(t)
	g := f.groups[name]
	if g == nil {
		g = &group[T, K, P]{name: name}
		f.groups[name] = g
	}
	f.unlink(g)
	g.things.Add(t)
	f.link(g)
	f.n++
}

// Touch moves a thing to the end of its group.
func (f *Fair[T, K, P]) Touch(t *T) {
	if P(t).EvictLinks().Queued() {
		f.groups[f.groupOf(t)].things.Touch(t)
	}
}

// Remove takes a thing out.
func (f *Fair[T, K, P]) Remove(t *T) {
	if !P(t).EvictLinks().Queued() {
		return
	}
	g := f.groups[f.groupOf(t)]
	f.unlink(g)
	g.things.Remove(t)
	f.link(g)
	f.n--
}

// Next returns the thing used the longest time ago in the largest group.
func (f *Fair[T, K, P]) Next() *T {
	if f.n == 0 {
		return nil
	}
	return f.bySize[f.most].things.Next()
}

// link puts a group in the list of its size, and forgets it when it is empty.
func (f *Fair[T, K, P]) link(g *group[T, K, P]) {
	size := g.things.Len()
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
func (f *Fair[T, K, P]) unlink(g *group[T, K, P]) {
	size := g.things.Len()
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
