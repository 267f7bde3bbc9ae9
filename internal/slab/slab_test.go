package slab

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"
)

// block is what a model knows of one.
type block struct {
	handle  Handle
	content []byte
	tag     uint32
}

// model follows the blocks of a slab by hand.
type model struct {
	t      *testing.T
	slab   Slab
	blocks []*block
	byH    map[Handle]*block
	serial uint32
}

func newModel(t *testing.T) *model {
	return &model{t: t, slab: Slab{Tagged: true}, byH: map[Handle]*block{}}
}

func (m *model) alloc(size int) {
	h := m.slab.Alloc(size)
	if h == 0 || m.byH[h] != nil {
		m.t.Fatalf("Alloc gave handle %d, in use: %v", h, m.byH[h] != nil)
	}
	m.serial++
	got := m.slab.Bytes(h)
	if len(got) < size || len(got) > max(minBlock, size+size/16+16) {
		m.t.Fatalf("a block for %d bytes has %d", size, len(got))
	}
	for i := range got {
		got[i] = byte(m.serial)
	}
	if len(got) >= 4 {
		binary.LittleEndian.PutUint32(got, m.serial)
	}
	b := &block{h, bytes.Clone(got), m.serial}
	*m.slab.Tag(h) = b.tag
	m.blocks, m.byH[h] = append(m.blocks, b), b
}

func (m *model) free(i int) {
	b := m.blocks[i]
	last := len(m.blocks) - 1
	m.blocks[i], m.blocks = m.blocks[last], m.blocks[:last]
	delete(m.byH, b.handle)
	if moved := m.slab.Free(b.handle); moved != 0 {
		other := m.byH[moved]
		delete(m.byH, moved)
		other.handle, m.byH[b.handle] = b.handle, other
	}
}

func (m *model) check() {
	m.t.Helper()
	for _, b := range m.blocks {
		if !bytes.Equal(m.slab.Bytes(b.handle), b.content) || *m.slab.Tag(b.handle) != b.tag {
			m.t.Fatalf("block %d is not what was written to it", b.tag)
		}
	}
	if len(m.blocks) == 0 && m.slab.Held() != 0 {
		m.t.Fatalf("an empty slab holds %d bytes", m.slab.Held())
	}
}

func TestSlabAgainstModel(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	m := newModel(t)
	for i := range 60_000 {
		growing := i/10_000%2 == 0
		if n := len(m.blocks); n > 0 && (rng.IntN(10) < 3 || !growing && rng.IntN(10) < 6) {
			m.free(rng.IntN(n))
		} else {
			m.alloc(rng.IntN(1 << rng.IntN(15)))
		}
		if i%2000 == 0 {
			m.check()
		}
	}
	for len(m.blocks) > 0 {
		m.free(rng.IntN(len(m.blocks)))
	}
	m.check()
}

// FuzzSlab allocates or frees by each two bytes of the input.
func FuzzSlab(f *testing.F) {
	f.Add([]byte{0, 1, 0, 255, 1, 0, 0, 7, 1, 0})
	f.Add(bytes.Repeat([]byte{0, 200}, 300))
	f.Fuzz(func(t *testing.T, calls []byte) {
		m := newModel(t)
		for ; len(calls) >= 2; calls = calls[2:] {
			if n := len(m.blocks); calls[0]%2 == 1 && n > 0 {
				m.free(int(calls[1]) % n)
			} else {
				m.alloc(int(calls[1]) * int(calls[0]))
			}
		}
		m.check()
	})
}

// Whatever order blocks are freed in, the slab holds little more than what is in use.
func TestSlabShrinksWithWhatIsInUse(t *testing.T) {
	const n, size = 20_000, 1000
	rng := rand.New(rand.NewPCG(3, 4))
	m := newModel(t)
	for range n {
		m.alloc(size)
	}
	for len(m.blocks) > 0 {
		m.free(rng.IntN(len(m.blocks)))
		if used := len(m.blocks) * classSize(classOf(size)); m.slab.Held() > used+used/32+2*pageBytes {
			t.Fatalf("%d bytes in use hold %d", used, m.slab.Held())
		}
	}
}

// Few blocks take little, and many waste little.
func TestSlabPagesAreAShareOfWhatIsInUse(t *testing.T) {
	for _, size := range []int{32, 64, 1024, 1088, 8192} {
		m := newModel(t)
		for n := 1; n < 4000; n++ {
			m.alloc(size)
			used := n * classSize(classOf(size))
			if held := m.slab.Held(); held > used+used/6+max(minPage, 2*pageRoom*size) {
				t.Fatalf("%d blocks of %d bytes hold %d", n, size, held)
			}
		}
	}
}

func TestSlabAllocatesNothingAtAPagesEnd(t *testing.T) {
	var s Slab
	for range 5000 {
		s.Alloc(1024)
	}
	for s.classes[classOf(1024)].used > 1 { // until the last page has one block
		s.Free(handle(s.classes[classOf(1024)].last, 0))
	}
	if n := testing.AllocsPerRun(100, func() {
		s.Free(handle(s.classes[classOf(1024)].last, 0))
		s.Alloc(1024)
	}); n != 0 {
		t.Errorf("a block that comes and goes at a page's end allocates %v times; want 0", n)
	}
}

func TestSlabThatIsFull(t *testing.T) {
	s := Slab{MaxPages: 2}
	for range 2 {
		if s.Alloc(maxShared+1) == 0 {
			t.Fatal("a slab with room for two pages did not give them")
		}
	}
	if s.Alloc(maxShared+1) != 0 || s.Alloc(1) != 0 {
		t.Fatal("a slab with room for two pages gave a third one")
	}
	s.Free(handle(1, 0))
	if s.Alloc(1) == 0 {
		t.Error("a slab with room for a page did not give it")
	}
}

func TestClasses(t *testing.T) {
	for size := range 100_000 {
		n := classOf(size)
		if got := classSize(n); got < size || got < minBlock {
			t.Fatalf("%d bytes go into blocks of %d", size, got)
		}
		if size > minBlock && classSize(n-1) >= size {
			t.Fatalf("%d bytes go into blocks of %d; blocks of %d would do", size, classSize(n), classSize(n-1))
		}
	}
}
