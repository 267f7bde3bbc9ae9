package persist

import (
	"container/heap"
	"sync"
	"time"
)

// mostExpired is how many expired entries one hold of the lock gives up.
const mostExpired = 256

// worker is what a goroutine that writes has in its hands: a batch, what of it is in flight, how that ended, and what
// has expired instead.
type worker struct {
	batch   []*entry
	writes  []Write // those of the batch, in its order
	errs    []error
	expired []Write
}

// workers that are done are used again, for the sake of their slices.
var spareWorkers = sync.Pool{New: func() any { return new(worker) }}

// reset empties a worker.
func (w *worker) reset() {
	clear(w.batch)
	clear(w.writes)
	clear(w.errs)
	clear(w.expired)
	w.batch, w.writes, w.errs, w.expired = w.batch[:0], w.writes[:0], w.errs[:0], w.expired[:0]
}

// kick starts workers for what is ready, or a timer for when something will be.
func (p *Pipeline) kick() {
	if p.mode == paused {
		return
	}
	if p.failures == 0 && len(p.waits) == 0 { // no need to look at the clock
		p.launch(time.Time{})
		return
	}
	now := time.Now()
	p.promote(now)
	p.launch(now)
	p.arm(now)
}

// launch starts as many workers as may run.
func (p *Pipeline) launch(now time.Time) {
	for p.running < p.ready.len() && p.mayRun(now) {
		p.running++
		go p.work()
	}
}

// mayRun reports whether one more worker may begin: while the store fails, one tries at a time, with pauses. The second
// half of the workers is for when full batches wait: larger batches cost a store less than more calls at once.
func (p *Pipeline) mayRun(now time.Time) bool {
	if p.failures > 0 {
		return p.running == 0 && !now.Before(p.gate)
	}
	return p.running < (p.cfg.Workers+1)/2 || p.running < p.cfg.Workers && p.full()
}

// full reports whether a full batch of some kind is ready.
func (p *Pipeline) full() bool {
	for kind := range p.ready {
		if p.ready[kind].n >= p.most(Op(kind)) {
			return true
		}
	}
	return false
}

// most is how many writes of a kind go into one call.
func (p *Pipeline) most(kind Op) int {
	if kind == None || kind != Save && p.batch == nil {
		return 1
	}
	return p.limit
}

// promote makes ready what has waited long enough.
func (p *Pipeline) promote(now time.Time) {
	for p.mode != once && len(p.waits) > 0 && !p.waits[0].due.After(now) {
		e := heap.Pop(&p.waits).(retry).entry
		e.place = nowhere
		p.enqueue(e)
	}
}

// arm sets the timer for the next entry that waits, or for the gate.
func (p *Pipeline) arm(now time.Time) {
	var at time.Time
	if len(p.waits) > 0 && p.mode != once {
		at = p.waits[0].due
	}
	if p.failures > 0 && p.ready.len() > 0 && p.running == 0 && (at.IsZero() || p.gate.Before(at)) {
		at = p.gate
	}
	if at.IsZero() || at.Equal(p.armed) {
		return
	}
	p.armed = at
	if p.timer == nil {
		p.timer = time.AfterFunc(at.Sub(now), p.wake)
		return
	}
	p.timer.Reset(at.Sub(now))
}

func (p *Pipeline) wake() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.armed = time.Time{}
	p.kick()
}

// work writes batches until nothing is ready or the store fails.
func (p *Pipeline) work() {
	w := spareWorkers.Get().(*worker)
	p.mu.Lock()
	for p.mode != paused {
		p.take(w, time.Now())
		if len(w.batch)+len(w.expired) == 0 {
			break
		}
		ctx := p.ctx
		p.mu.Unlock()
		for _, lost := range w.expired {
			p.cfg.Dropped(lost, ErrExpired)
		}
		p.write(ctx, w)
		p.mu.Lock()
		failing := p.failures > 0
		p.settle(w)
		w.reset()
		if p.failures > 0 {
			break
		}
		if failing { // the store is back: the others may help again
			p.kick()
		}
	}
	if p.running--; p.running == 0 {
		p.broadcast()
	}
	p.kick()
	p.mu.Unlock()
	spareWorkers.Put(w)
}

// take moves what one store call can write into the hands of a worker: a batch of one kind, the kinds taking turns.
// What has expired is given up instead.
func (p *Pipeline) take(w *worker, now time.Time) {
	p.promote(now)
	for range p.ready {
		p.turn = (p.turn + 1) % Op(len(p.ready))
		if p.takeKind(w, p.turn, now); len(w.batch)+len(w.expired) > 0 {
			break
		}
	}
	for i, e := range w.batch {
		e.fly = &w.writes[i]
		p.note(e, None)
	}
}

// takeKind takes a batch of one kind.
func (p *Pipeline) takeKind(w *worker, kind Op, now time.Time) {
	most := p.most(kind)
	for size := 0; len(w.batch) < most && size < p.cfg.BatchBytes; {
		e := p.takeOne(w, kind, now)
		if e == nil {
			break
		}
		w.batch, w.writes = append(w.batch, e), append(w.writes, e.next)
		size += len(e.next.Data)
		e.drop()
	}
}

// takeOne takes the first live entry of a queue out of it.
func (p *Pipeline) takeOne(w *worker, kind Op, now time.Time) *entry {
	for len(w.expired) < mostExpired {
		e := p.ready[kind].front
		if e == nil {
			return nil
		}
		p.unqueue(e)
		if e.next.Op == Delete || e.next.Expires.After(now) {
			return e
		}
		w.expired = append(w.expired, e.next)
		p.discard(e, ErrExpired)
	}
	return nil
}
