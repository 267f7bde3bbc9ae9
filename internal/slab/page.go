package slab

func (p *page) blocks() int { return len(p.bytes) / p.size }

// extend adds an empty page to a class, and reports whether there was room for it.
func (s *Slab) extend(c *class, size int) bool {
	bytes := minPage
	for bytes < pageBytes && bytes < max(pageRoom*size, c.held/pageShare) {
		bytes *= 2
	}
	number := s.addPage(bytes, size)
	if number == 0 {
		return false
	}
	s.notes[number].below = c.last
	c.last, c.used, c.held = number, 0, c.held+bytes
	return true
}

// shrink drops the last page of a class.
func (s *Slab) shrink(c *class) {
	empty := c.last
	c.held -= len(s.pages[empty].bytes)
	if c.last = s.notes[empty].below; c.last != 0 {
		c.used = int32(s.pages[c.last].blocks())
	}
	s.dropPage(empty)
}

// addPage returns the number of a new page, or zero when there is no room for one.
func (s *Slab) addPage(bytes, size int) uint32 {
	if len(s.pages) == 0 {
		s.pages, s.notes = make([]page, 1, 2), make([]note, 1, 2)
	}
	var number uint32
	switch n := len(s.vacant); {
	case n > 0:
		number, s.vacant = s.vacant[n-1], s.vacant[:n-1]
	case len(s.pages) > s.maxPages():
		return 0
	default:
		number = uint32(len(s.pages))
		s.pages, s.notes = append(s.pages, page{}), append(s.notes, note{})
	}
	p := page{size: size}
	if bytes == pageBytes && s.spare != nil {
		p.bytes, s.spare = s.spare, nil
	} else {
		p.bytes = make([]byte, bytes)
	}
	if s.Tagged {
		s.notes[number].tags = make([]uint32, p.blocks())
	}
	s.pages[number] = p
	return number
}

func (s *Slab) maxPages() int {
	if s.MaxPages > 0 {
		return min(s.MaxPages, maxPages)
	}
	return maxPages
}

// dropPage gives a page back. When it was the last one, nothing is kept.
func (s *Slab) dropPage(number uint32) {
	if bytes := s.pages[number].bytes; len(bytes) == pageBytes && s.spare == nil {
		s.spare = bytes
	}
	s.pages[number], s.notes[number] = page{}, note{}
	s.vacant = append(s.vacant, number)
	if len(s.vacant) == len(s.pages)-1 {
		s.Clear()
	}
}
