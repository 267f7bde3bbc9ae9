package persist

// Which list a pair of links belongs to: an entry can be in one of each.
const (
	byTurn = iota // a queue of what is ready, or none
	byAge         // what would be given up first
	byWait        // who waits longest
	lists
)

// links are an entry's neighbours in a list.
type links struct{ prev, next *entry }

// list keeps entries in order, without an allocation for each. The zero list with its kind set is empty.
type list struct {
	kind        int
	front, back *entry
	n           int
}

func (l *list) pushBack(e *entry) {
	e.links[l.kind] = links{prev: l.back}
	if l.back == nil {
		l.front = e
	} else {
		l.back.links[l.kind].next = e
	}
	l.back = e
	l.n++
}

func (l *list) pushFront(e *entry) {
	e.links[l.kind] = links{next: l.front}
	if l.front == nil {
		l.back = e
	} else {
		l.front.links[l.kind].prev = e
	}
	l.front = e
	l.n++
}

// remove takes out an entry that is in the list.
func (l *list) remove(e *entry) {
	at := e.links[l.kind]
	if at.prev == nil {
		l.front = at.next
	} else {
		at.prev.links[l.kind].next = at.next
	}
	if at.next == nil {
		l.back = at.prev
	} else {
		at.next.links[l.kind].prev = at.prev
	}
	e.links[l.kind] = links{}
	l.n--
}

// queues are a list for each kind of batch.
type queues [Delete + 1]list

func newQueues(kind int) (q queues) {
	for i := range q {
		q[i].kind = kind
	}
	return q
}

// len counts what is in all of them.
func (q *queues) len() (n int) {
	for i := range q {
		n += q[i].n
	}
	return n
}
