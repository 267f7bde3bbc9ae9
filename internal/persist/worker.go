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
	for p.mayRun(now) && p.running < p.saves.n+p.others.n {
		p.running++
		go p.work()
	}
	p.arm(now)
}

// mayRun reports whether one more worker may begin: while the store fails, one tries at a time, with pauses.
func (p *Pipeline) mayRun(now time.Time) bool {
	if p.failures > 0 {
		return p.running == 0 && !now.Before(p.gate)
	}
	return p.running < p.cfg.Workers
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
	if p.failures > 0 && p.saves.n+p.others.n > 0 && p.running == 0 && (at.IsZero() || p.gate.Before(at)) {
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

// take moves what one store call can write into the hands of the caller: a touch, a delete or a batch of saves.
// What has expired is given up instead.
func (p *Pipeline) take(now time.Time) (batch []*entry, expired []Write) {
	p.promote(now)
	p.turn = !p.turn
	if p.turn || p.saves.n == 0 {
		if e := p.takeOne(&p.others, now, &expired); e != nil {
			return []*entry{e}, expired
		}
	}
	for size := 0; len(batch) < p.limit && size < p.cfg.BatchBytes; {
		e := p.takeOne(&p.saves, now, &expired)
		if e == nil {
			break
		}
		batch = append(batch, e)
		size += len(e.fly.Data)
	}
	return batch, expired
}

// takeOne begins the first live write of a queue.
func (p *Pipeline) takeOne(q *fifo, now time.Time, expired *[]Write) *entry {
	for len(*expired) < mostExpired {
		e := q.pop()
		switch {
		case e == nil:
			return nil
		case e.place != ready || p.entries[e.id] != e:
			continue
		case e.next.Op != Save && q == &p.saves: // it turned into a delete while it was queued
			p.others.push(e)
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
