package slab

import (
	"math/rand/v2"
	"testing"
)

func TestArrayAgainstASlice(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	var a Array[int]
	var want []int
	for i := range 100_000 {
		switch growing := i/10_000%2 == 0; {
		case len(want) > 0 && rng.IntN(4) == 0:
			at := rng.IntN(len(want))
			*a.At(at), want[at] = i, i
		case len(want) > 0 && (rng.IntN(3) == 0 || !growing):
			if got, last := a.Pop(), len(want)-1; got != want[last] {
				t.Fatalf("Pop is %d; want %d", got, want[last])
			}
			want = want[:len(want)-1]
		default:
			a.Push(i)
			want = append(want, i)
		}
		if a.Len() != len(want) {
			t.Fatalf("Len is %d; want %d", a.Len(), len(want))
		}
		if full := (len(want) + chunkLen - 1) / chunkLen; len(a.chunks) > full+1 {
			t.Fatalf("%d chunks for %d elements", len(a.chunks), len(want))
		}
	}
	for i := range want {
		if *a.At(i) != want[i] {
			t.Fatalf("element %d is %d; want %d", i, *a.At(i), want[i])
		}
	}
}
