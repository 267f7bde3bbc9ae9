package session

import "time"

// expiryHeap orders the entries of a shard by when they have to be looked at next, which is at their deadline or
// earlier: a deadline that moves later, as those of busy sessions do all the time, leaves the heap as it is, and
// the entry is queued again when its turn comes.
type expiryHeap []expiryNode

type expiryNode struct {
	at    time.Duration // never after the entry's deadline
	entry *memoryEntry
}

// due returns the entry to look at first if its time has come, else nil.
func (h expiryHeap) due(now time.Duration) *memoryEntry {
	if len(h) == 0 || h[0].at > now {
		return nil
	}
	return h[0].entry
}

func (h *expiryHeap) push(e *memoryEntry) {
	*h = append(*h, expiryNode{e.deadline, e})
	e.queued = e.deadline
	h.up(len(*h) - 1)
}

// moved takes note of an entry's new deadline.
func (h expiryHeap) moved(e *memoryEntry) {
	if e.deadline < e.queued {
		h.requeue(e)
	}
}

// requeue orders an entry by its deadline.
func (h expiryHeap) requeue(e *memoryEntry) {
	e.queued = e.deadline
	h[e.pos].at = e.deadline
	h.down(e.pos)
	h.up(e.pos)
}

func (h *expiryHeap) remove(e *memoryEntry) {
	i, last := e.pos, len(*h)-1
	(*h)[i] = (*h)[last]
	(*h)[last] = expiryNode{}
	*h = (*h)[:last]
	if i < last {
		h.down(i)
		h.up(i)
	}
}

// up moves the node at i towards the root as far as it belongs, and notes where the nodes it passes are now.
func (h expiryHeap) up(i int) {
	n := h[i]
	for i > 0 {
		parent := (i - 1) / 2
		if h[parent].at <= n.at {
			break
		}
		h.set(i, h[parent])
		i = parent
	}
	h.set(i, n)
}

// down is up in the other direction.
func (h expiryHeap) down(i int) {
	n := h[i]
	for {
		child := 2*i + 1
		if child >= len(h) {
			break
		}
		if right := child + 1; right < len(h) && h[right].at < h[child].at {
			child = right
		}
		if n.at <= h[child].at {
			break
		}
		h.set(i, h[child])
		i = child
	}
	h.set(i, n)
}

func (h expiryHeap) set(i int, n expiryNode) {
	h[i] = n
	n.entry.pos = i
}
