package session

// A block is kept for data that fit in it if they use a quarter of it, or if it is small.
const (
	keptShare  = 4
	smallBlock = 64
)

// read returns the data of a record, where it lies.
func (s *memoryShard) read(r memoryRecord) []byte {
	if r.data() == 0 {
		return nil
	}
	_, n := r.sizes()
	return s.data.Bytes(r.data())[:n]
}

// write puts a copy of data into the block of a record, or another one if that does not suit, and reports whether there
// was room for it.
func (s *memoryShard) write(h recordHandle, r memoryRecord, data []byte) bool {
	if r.data() == 0 || !suits(s.data.Bytes(r.data()), data) {
		if !s.resize(h, r, len(data)) {
			return false
		}
	}
	id, _ := r.sizes()
	r.setSizes(id, len(data))
	copy(s.read(r), data)
	return true
}

// suits reports whether a block is large enough for data, and not far too large.
func suits(block, data []byte) bool {
	return len(data) <= len(block) && len(block) <= max(smallBlock, keptShare*len(data))
}

// resize gives a record a block of another size. What is in it is lost.
func (s *memoryShard) resize(h recordHandle, r memoryRecord, size int) bool {
	var to dataHandle
	if size > 0 {
		if to = s.data.Alloc(size); to == 0 {
			return false
		}
		*s.data.Tag(to) = uint32(h)
	}
	old := r.data()
	r.setData(to)
	s.discard(old)
	return true
}

// discard frees a block of data that no record has any more; there may be none. Other data may move into it.
func (s *memoryShard) discard(h dataHandle) {
	if h != 0 && s.data.Free(h) != 0 {
		s.record(recordHandle(*s.data.Tag(h))).setData(h)
	}
}
