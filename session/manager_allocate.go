package session

import "unsafe"

// A record and the bytes of its ID, which has 64 of them at most, are one allocation: of a million small strings the
// garbage collector would have to keep account as of a million records. The ID comes first, beside what is read with it.
type (
	record32 struct {
		id [32]byte
		record
	}
	record48 struct {
		id [48]byte
		record
	}
	record64 struct {
		id [maxIDLen]byte
		record
	}
)

// allocate makes a record with an ID.
func allocate(id string) *record {
	switch {
	case len(id) <= 32:
		r := new(record32)
		return r.named(r.id[:], id)
	case len(id) <= 48:
		r := new(record48)
		return r.named(r.id[:], id)
	}
	r := new(record64)
	return r.named(r.id[:], id)
}

// named copies the ID to where it stays unchanged for as long as anyone refers to it, which makes it safe as a string.
func (r *record) named(room []byte, id string) *record {
	r.id = unsafe.String(unsafe.SliceData(room), copy(room, id))
	return r
}
