package slab

import "math/bits"

// minBlock is the size of the smallest blocks.
const minBlock = 32

// Blocks come in sizes a sixteenth to a thirty-second of their size apart, or 16 bytes for small ones: 16 sizes
// between a power of two and the next.

// classOf returns the number of the class whose blocks are the smallest with room for size bytes.
func classOf(size int) int {
	size = max(size, minBlock)
	if size <= 256 {
		return (size+15)/16 - 1
	}
	e := bits.Len(uint(size - 1)) // size is above 2^(e-1), and 2^e at most
	step := e - 5
	return 16*(e-8) + (size+1<<step-1)>>step - 17
}

// classSize returns the size of a class's blocks.
func classSize(class int) int {
	if class < 16 {
		return 16 * (class + 1)
	}
	return (17 + class%16) << (class/16 + 3)
}
