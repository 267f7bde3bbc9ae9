package persist

// fifo is a queue in a ring that grows, and shrinks when it is empty.
type fifo struct {
	ring []*entry
	head int
	n    int
}

func (f *fifo) push(e *entry) {
	if f.n == len(f.ring) {
		grown := make([]*entry, max(16, 2*f.n))
		for i := range f.n {
			grown[i] = f.ring[(f.head+i)%len(f.ring)]
		}
		f.ring, f.head = grown, 0
	}
	f.ring[(f.head+f.n)%len(f.ring)] = e
	f.n++
}

func (f *fifo) pop() *entry {
	if f.n == 0 {
		return nil
	}
	e := f.ring[f.head]
	f.ring[f.head] = nil
	f.head = (f.head + 1) % len(f.ring)
	if f.n--; f.n == 0 && len(f.ring) > 1024 {
		f.ring, f.head = nil, 0
	}
	return e
}

// queues are a fifo for each kind of batch.
type queues [Delete + 1]fifo

// len counts what is in all of them.
func (q *queues) len() (n int) {
	for _, f := range q {
		n += f.n
	}
	return n
}
