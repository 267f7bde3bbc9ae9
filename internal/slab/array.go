package slab

// Array is a slice that grows and shrinks at its end without ever being copied as a whole: it lies in chunks. The zero
// Array is empty and ready for use.
type Array[T any] struct {
	chunks [][]T
	len    int
}

const (
	chunkBits = 9
	chunkLen  = 1 << chunkBits
)

// Len returns the number of elements.
func (a *Array[T]) Len() int { return a.len }

// At returns the element with an index below Len. It is valid until the next Push or Pop.
func (a *Array[T]) At(i int) *T { return &a.chunks[i>>chunkBits][i&(chunkLen-1)] }

// Push adds an element at the end.
func (a *Array[T]) Push(v T) {
	n := a.len >> chunkBits
	switch {
	case n == 0:
		if a.chunks == nil {
			a.chunks = make([][]T, 1)
		}
		a.chunks[0] = append(a.chunks[0][:a.len], v) // of a few elements as long as there are not more
	case n == len(a.chunks):
		a.chunks = append(a.chunks, make([]T, chunkLen))
		fallthrough
	default:
		a.chunks[n][a.len&(chunkLen-1)] = v
	}
	a.len++
}

// Pop removes the element at the end and returns it. A chunk is given back when the one before it is half empty.
func (a *Array[T]) Pop() T {
	v := *a.At(a.len - 1)
	a.len--
	if last := len(a.chunks) - 1; last > 0 && a.len <= last*chunkLen-chunkLen/2 {
		a.chunks[last] = nil
		a.chunks = a.chunks[:last]
	}
	return v
}
