package session

import (
	"time"

	"github.com/limpet-go/limpet/internal/expiry"
)

const (
	reservedFor  = int64(time.Minute)
	mostReserved = 10000
)

// reservations remember for a minute what OnReconnect found in the store, for the Register that follows.
type reservations struct {
	byID  map[string]*reservation
	queue expiry.Queue[reservation]
	bytes int64
}

type reservation struct {
	id   string
	data []byte
	node expiry.Node[reservation]
}

func newReservations() reservations { return reservations{byID: map[string]*reservation{}} }

// find returns what is reserved for a session.
func (r *reservations) find(id string, now int64) ([]byte, bool) {
	if res := r.byID[id]; res != nil && res.node.Due() > now {
		return res.data, true
	}
	return nil, false
}

// add reserves state for a session, within limits of number and bytes (negative: none): the oldest go first.
func (r *reservations) add(id string, data []byte, now, mostBytes int64) {
	r.forget(id)
	res := &reservation{id: id, data: data}
	res.node.Owner = res
	r.byID[id] = res
	r.queue.Push(&res.node, now+reservedFor)
	r.bytes += int64(len(data))
	for r.queue.Len() > mostReserved || mostBytes >= 0 && r.bytes > mostBytes && r.queue.Len() > 1 {
		r.forget(r.queue.First().Owner.id)
	}
	r.prune(now)
}

// prune forgets those whose time is over.
func (r *reservations) prune(now int64) {
	for n := r.queue.First(); n != nil && n.Due() <= now; n = r.queue.First() {
		r.forget(n.Owner.id)
	}
}

func (r *reservations) forget(id string) {
	if res := r.byID[id]; res != nil {
		delete(r.byID, id)
		r.queue.Remove(&res.node)
		r.bytes -= int64(len(res.data))
	}
}
