package soak

import (
	"slices"
	"sync"
	"time"
)

// grace is how long after a server is back a client may still meet what the kill left: dead connections in its pool, or a
// pool that dials only now and then.
const grace = 2 * time.Second

// outage tells the clients of one engine how its servers fare.
type outage struct {
	mu     sync.Mutex
	kills  []int // of each server
	up     chan struct{}
	down   bool
	upFrom time.Time
}

func newOutage(servers int) *outage {
	up := make(chan struct{})
	close(up)
	return &outage{kills: make([]int, servers), up: up, upFrom: time.Now()}
}

func (o *outage) begin() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.down, o.up = true, make(chan struct{})
}

// killed says that the processes of a server are gone, and with them what they had not begun to write.
func (o *outage) killed(server int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.kills[server]++
}

func (o *outage) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.down, o.upFrom = false, time.Now()
	close(o.up)
}

// era grows when each server was killed once more: a call that failed in an earlier one has no effect from then on.
func (o *outage) era() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Min(o.kills)
}

// awaitUp returns when the servers are up, or the clients are to stop.
func (o *outage) awaitUp(stop <-chan struct{}) {
	o.mu.Lock()
	up := o.up
	o.mu.Unlock()
	select {
	case <-up:
	case <-stop:
	}
}

// excuses reports whether a call that began then could fail because of a kill.
func (o *outage) excuses(start time.Time) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.down || start.Before(o.upFrom.Add(grace))
}

// backSince returns how long the servers are up already, zero if they are not.
func (o *outage) backSince() time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.down {
		return 0
	}
	return time.Since(o.upFrom)
}
