//go:build !race

package session

import "testing"

// TestMACAllocatesNothing does not run under the race detector, where sync.Pool forgets on purpose.
func TestMACAllocatesNothing(t *testing.T) {
	p := newMACPool(secretA)
	data, sum := make([]byte, 4096), make([]byte, 0, macSize)
	sum = p.append(sum, "s1", data)
	allocs := testing.AllocsPerRun(200, func() {
		if !p.verify(sum, "s1", data) {
			t.Error("the MAC differs")
		}
		p.append(sum[:0], "s1", data)
	})
	if allocs >= 1 {
		t.Errorf("%v allocations per MAC, want none", allocs)
	}
}
