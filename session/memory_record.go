package session

import (
	"encoding/binary"
	"time"

	"github.com/limpet-go/limpet/internal/slab"
)

// memoryRecord is what a MemoryStore keeps of a session beside its data: a block of bytes that begins with these fields
// and ends with the ID; one cache line for an ID of 32 bytes. Links are handles, so that a million sessions are no
// work for the garbage collector.
type memoryRecord []byte

const (
	recordDeadline = 0                  // 8 bytes: when it expires
	recordSizes    = recordDeadline + 8 // 8 bytes: the length of the ID in the lowest, of the data in the others
	recordHash     = recordSizes + 8    // 4 bytes: of the ID
	recordNext     = recordHash + 4     // 4 bytes: handle of the next record in the same chain
	recordPlace    = recordNext + 4     // 4 bytes: where in the expiry queue it is
	recordData     = recordPlace + 4    // 4 bytes: handle of the block with the data, zero if there never was any
	recordID       = recordData + 4
)

// recordHandle and dataHandle name blocks of a shard's two slabs.
type (
	recordHandle = slab.Handle
	dataHandle   = slab.Handle
)

var layout = binary.LittleEndian // of a record's fields; no other process sees them

func (r memoryRecord) deadline() time.Duration {
	return time.Duration(layout.Uint64(r[recordDeadline:]))
}
func (r memoryRecord) hash() uint32       { return layout.Uint32(r[recordHash:]) }
func (r memoryRecord) next() recordHandle { return recordHandle(layout.Uint32(r[recordNext:])) }
func (r memoryRecord) place() int         { return int(layout.Uint32(r[recordPlace:])) }
func (r memoryRecord) data() dataHandle   { return dataHandle(layout.Uint32(r[recordData:])) }

func (r memoryRecord) setDeadline(d time.Duration) { layout.PutUint64(r[recordDeadline:], uint64(d)) }
func (r memoryRecord) setHash(hash uint32)         { layout.PutUint32(r[recordHash:], hash) }
func (r memoryRecord) setNext(h recordHandle)      { layout.PutUint32(r[recordNext:], uint32(h)) }
func (r memoryRecord) setPlace(i int)              { layout.PutUint32(r[recordPlace:], uint32(i)) }
func (r memoryRecord) setData(h dataHandle)        { layout.PutUint32(r[recordData:], uint32(h)) }

// sizes returns the lengths of the ID and of the data.
func (r memoryRecord) sizes() (id, data int) {
	both := layout.Uint64(r[recordSizes:])
	return int(both & 0xff), int(both >> 8)
}

func (r memoryRecord) setSizes(id, data int) {
	layout.PutUint64(r[recordSizes:], uint64(data)<<8|uint64(id))
}

func (r memoryRecord) id() []byte {
	n, _ := r.sizes()
	return r[recordID : recordID+n]
}

// is reports whether this is the record of a session.
func (r memoryRecord) is(hash uint32, id string) bool {
	return r.hash() == hash && string(r.id()) == id
}

// info describes the session, under an ID that is given because strings outlive blocks.
func (r memoryRecord) info(id string, now time.Time, left time.Duration) SessionInfo {
	_, size := r.sizes()
	return SessionInfo{ID: id, Size: size, ExpiresAt: now.Add(left).Round(time.Millisecond)}
}
