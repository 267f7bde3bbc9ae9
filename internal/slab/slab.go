// Package slab keeps many blocks of bytes in few large pages. Blocks are named by handles instead of pointers, so that
// the garbage collector sees one object for a page and nothing at all of the blocks.
//
// Pages are kept full: a block that is freed leaves its place to another one of its size. So the pages of one size are
// full but for the last, and memory shrinks with what is in use, whatever order it is freed in.
package slab

const (
	// A page is a small share of what the blocks of its size have already, and has room for a few of them, within
	// these bounds. Its size is a power of two, as the allocator likes it.
	minPage   = 4 << 10
	pageBytes = 64 << 10
	pageShare = 32
	pageRoom  = 8

	// A block larger than this is a page of its own, which is given back when the block is freed.
	maxShared = 8 << 10

	indexBits = 11 // of a handle: pageBytes has room for that many blocks of minBlock
	maxPages  = 1<<(32-indexBits) - 1
)

// Handle names a block. The zero Handle names none.
type Handle uint32

func (h Handle) page() uint32 { return uint32(h >> indexBits) }
func (h Handle) index() int   { return int(h & (1<<indexBits - 1)) }

func handle(page uint32, index int) Handle { return Handle(page<<indexBits | uint32(index)) }

// Slab is a set of blocks. The zero Slab is empty and ready for use. It is not safe for concurrent use; Bytes may be
// called by many at once as long as nobody calls anything else.
type Slab struct {
	// Tagged says that blocks have tags: a number each that moves with them. It is set before the first Alloc.
	Tagged bool

	// MaxPages is how many pages there may be; zero means as many as handles can name, two million.
	MaxPages int

	pages   []page // by number; the first is none
	notes   []note // of the pages
	vacant  []uint32
	classes []class
	spare   []byte // a full page that nobody uses, so that not each change at a page's end allocates one
}

// page is blocks of one size, back to back.
type page struct {
	bytes []byte
	size  int // of a block
}

// note is what is seldom asked of a page, kept apart so that more of what is asked all the time fits the cache.
type note struct {
	tags  []uint32 // of the blocks; nil unless they have tags
	below uint32   // the page of the same class that was filled up before this one was begun
}

// class is the pages of one size of blocks. All are full but the last.
type class struct {
	last uint32 // number of a page
	used int32  // blocks of the last page that are in use, never zero if there is one
	held int    // bytes of all pages
}

// Alloc returns a block of at least size bytes, whose content is anything; the zero Handle when there is no room for
// another page.
func (s *Slab) Alloc(size int) Handle {
	n := classOf(size)
	if size = classSize(n); size > maxShared {
		return handle(s.addPage(size, size), 0)
	}
	for len(s.classes) <= n {
		s.classes = append(s.classes, class{})
	}
	c := &s.classes[n]
	if c.last == 0 || int(c.used) == s.pages[c.last].blocks() {
		if !s.extend(c, size) {
			return 0
		}
	}
	c.used++
	return handle(c.last, int(c.used)-1)
}

// Bytes returns the whole block. It is valid until the next Free.
func (s *Slab) Bytes(h Handle) []byte {
	p := &s.pages[h.page()]
	at := h.index() * p.size
	return p.bytes[at : at+p.size : at+p.size]
}

// Tag returns where the tag of a block is, if blocks have tags. It is valid until the next Alloc or Free.
func (s *Slab) Tag(h Handle) *uint32 { return &s.notes[h.page()].tags[h.index()] }

// Free gives a block back. If that moved another block into its place, it returns the handle that block had: from now
// on it has the one that was freed.
func (s *Slab) Free(h Handle) (moved Handle) {
	size := s.pages[h.page()].size
	if size > maxShared {
		s.dropPage(h.page())
		return 0
	}
	c := &s.classes[classOf(size)]
	c.used--
	if last := handle(c.last, int(c.used)); last != h {
		s.move(last, h)
		moved = last
	}
	if c.used == 0 {
		s.shrink(c)
	}
	return moved
}

func (s *Slab) move(from, to Handle) {
	copy(s.Bytes(to), s.Bytes(from))
	if s.Tagged {
		*s.Tag(to) = *s.Tag(from)
	}
}

// Clear frees every block.
func (s *Slab) Clear() { *s = Slab{Tagged: s.Tagged, MaxPages: s.MaxPages} }

// Held returns how many bytes the pages have, those of blocks not in use included.
func (s *Slab) Held() int {
	held := len(s.spare)
	for i := range s.pages {
		held += len(s.pages[i].bytes)
	}
	return held
}
