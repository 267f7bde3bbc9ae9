package session

import (
	"hash/maphash"
	"iter"
)

// table finds records by ID. Its map has hashes for keys, which takes a third less memory than the IDs and leaves the
// garbage collector less to look at; the rare record whose hash another one has is in a map of its own.
type table struct {
	hash   func(id string) uint64
	byHash map[uint64]*record
	twins  map[string]*record
}

func newTable() table {
	seed := maphash.MakeSeed()
	hash := func(id string) uint64 { return maphash.String(seed, id) }
	return table{hash: hash, byHash: map[uint64]*record{}, twins: map[string]*record{}}
}

// find returns the record of an ID, or nil.
func (t *table) find(id string) *record { return t.findHashed(id, t.hash(id)) }

// findHashed is find for an ID whose hash is known.
func (t *table) findHashed(id string, hash uint64) *record {
	if rec := t.byHash[hash]; rec != nil && rec.id == id {
		return rec
	}
	if len(t.twins) == 0 {
		return nil
	}
	return t.twins[id]
}

// add puts in a record of an ID that has none.
func (t *table) add(rec *record) {
	if hash := t.hash(rec.id); t.byHash[hash] == nil {
		t.byHash[hash] = rec
	} else {
		t.twins[rec.id] = rec
	}
}

// remove takes a record out.
func (t *table) remove(rec *record) {
	if hash := t.hash(rec.id); t.byHash[hash] == rec {
		delete(t.byHash, hash)
	} else if t.twins[rec.id] == rec {
		delete(t.twins, rec.id)
	}
}

// len returns the number of records.
func (t *table) len() int { return len(t.byHash) + len(t.twins) }

// all goes through the records in any order. Records may be removed meanwhile.
func (t *table) all() iter.Seq[*record] {
	return func(yield func(*record) bool) {
		for _, rec := range t.byHash {
			if !yield(rec) {
				return
			}
		}
		for _, rec := range t.twins {
			if !yield(rec) {
				return
			}
		}
	}
}
