package persist

import (
	"container/heap"
	"time"
)

// mostExpired is how many expired entries one hold of the lock gives up.
const mostExpired = 256

// kick starts workers for what is ready, or a timer for when something will be.
func (p *Pipeline) kick() {
	if p.mode == paused {
		return
	}
	now := time.Now()
	p.promote(now)
	for p.mayRun(now) && p.running < p.ready.len() {
		p.running++
		go p.work()
	}
	p.arm(now)
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
		e := heap.Pop(&p.waits).(*entry)
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
	if at.IsZero() {
		return
	}
	if p.timer == nil {
		p.timer = time.AfterFunc(at.Sub(now), p.wake)
		return
	}
	p.timer.Reset(at.Sub(now))
}

func (p *Pipeline) wake() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.kick()
}

// work writes batches until nothing is ready or the store fails.
func (p *Pipeline) work() {
	p.mu.Lock()
	for p.mode != paused {
		batch, expired := p.take(time.Now())
		if len(batch)+len(expired) == 0 {
			break
		}
		ctx := p.ctx
		p.mu.Unlock()
		for _, w := range expired {
			p.cfg.Dropped(w, ErrExpired)
		}
		errs := p.write(ctx, batch)
		p.mu.Lock()
		p.settle(batch, errs)
		if p.failures > 0 {
			break
		}
	}
	if p.running--; p.running == 0 {
		p.broadcast()
	}
	p.kick()
	p.mu.Unlock()
}

// take moves what one store call can write into the hands of the caller: a batch of one kind, the kinds taking turns.
// What has expired is given up instead.
func (p *Pipeline) take(now time.Time) (batch []*entry, expired []Write) {
	p.promote(now)
	for range p.ready {
		p.turn = (p.turn + 1) % Op(len(p.ready))
		if batch, expired = p.takeKind(p.turn, now); len(batch)+len(expired) > 0 {
			break
		}
	}
	return batch, expired
}

// takeKind takes a batch of one kind.
func (p *Pipeline) takeKind(kind Op, now time.Time) (batch []*entry, expired []Write) {
	most := p.most(kind)
	for size := 0; len(batch) < most && size < p.cfg.BatchBytes; {
		e := p.takeOne(kind, now, &expired)
		if e == nil {
			break
		}
		batch = append(batch, e)
		size += len(e.fly.Data)
	}
	return batch, expired
}

// takeOne begins the first live write of a queue.
func (p *Pipeline) takeOne(kind Op, now time.Time, expired *[]Write) *entry {
	for len(*expired) < mostExpired {
		e := p.ready[kind].pop()
		switch {
		case e == nil:
			return nil
		case e.place != ready || p.entries[e.id] != e:
			continue
		case e.kind() != kind: // it changed while it was queued
			p.ready[e.kind()].push(e)
			continue
		}
		e.place = nowhere
		if e.next.Op == Delete || e.next.Expires.After(now) {
			p.forget(e)
			e.fly, e.next = e.next, Write{}
			return e
		}
		*expired = append(*expired, e.next)
		p.discard(e, ErrExpired)
	}
	return nil
}
