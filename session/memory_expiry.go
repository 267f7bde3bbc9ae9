package session

import "time"

// expiryHeap holds the entries of a shard, and orders them by when they have to be looked at next, which is at their
// deadline or earlier: a deadline that moves later, as those of busy sessions do all the time, leaves the heap as it
// is, and the entry is queued again when its turn comes.
type expiryHeap struct {
	slots []*memoryEntry // without gaps; an entry only ever moves down, which Scan counts on
	nodes []expiryNode   // holds no pointers: the garbage collector does not look into it
}

type expiryNode struct {
	at   time.Duration // never after the entry's deadline
	slot uint32
}

// due returns the entry to look at first if its time has come, else nil.
func (h *expiryHeap) due(now time.Duration) *memoryEntry {
	if len(h.nodes) == 0 || h.nodes[0].at > now {
		return nil
	}
	return h.slots[h.nodes[0].slot]
}

func (h *expiryHeap) push(e *memoryEntry) {
	e.slot, e.queued = uint32(len(h.slots)), e.deadline
	h.slots = append(h.slots, e)
	h.nodes = append(h.nodes, expiryNode{e.deadline, e.slot})
	h.up(len(h.nodes) - 1)
}

// moved takes note of an entry's new deadline.
func (h *expiryHeap) moved(e *memoryEntry) {
	if e.deadline < e.queued {
		h.requeue(e)
	}
}

// requeue orders an entry by its deadline.
func (h *expiryHeap) requeue(e *memoryEntry) {
	e.queued = e.deadline
	h.nodes[e.pos].at = e.deadline
	h.down(int(e.pos))
	h.up(int(e.pos))
}

func (h *expiryHeap) remove(e *memoryEntry) {
	i, last := int(e.pos), len(h.nodes)-1
	h.nodes[i] = h.nodes[last]
	h.nodes = h.nodes[:last]
	if i < last {
		h.down(i)
		h.up(i)
	}
	h.vacate(e.slot)
}

// vacate fills a slot with the last entry.
func (h *expiryHeap) vacate(slot uint32) {
	last := len(h.slots) - 1
	e := h.slots[last]
	if h.slots[last] = nil; int(slot) < last {
		h.slots[slot], e.slot = e, slot
		h.nodes[e.pos].slot = slot
	}
	h.slots = h.slots[:last]
}

// up moves the node at i towards the root as far as it belongs, and notes where the nodes it passes are now.
func (h *expiryHeap) up(i int) {
	n := h.nodes[i]
	for i > 0 {
		parent := (i - 1) / 2
		if h.nodes[parent].at <= n.at {
			break
		}
		h.set(i, h.nodes[parent])
		i = parent
	}
	h.set(i, n)
}

// down is up in the other direction.
func (h *expiryHeap) down(i int) {
	n := h.nodes[i]
	for {
		child := 2*i + 1
		if child >= len(h.nodes) {
			break
		}
		if right := child + 1; right < len(h.nodes) && h.nodes[right].at < h.nodes[child].at {
			child = right
		}
		if n.at <= h.nodes[child].at {
			break
		}
		h.set(i, h.nodes[child])
		i = child
	}
	h.set(i, n)
}

func (h *expiryHeap) set(i int, n expiryNode) {
	h.nodes[i] = n
	h.slots[n.slot].pos = uint32(i)
}
