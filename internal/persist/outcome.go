package persist

import (
	"container/heap"
	"context"
	"math"
	"math/rand/v2"
	"time"
)

const (
	maxGate     = time.Second // the whole pipeline's longest pause between two tries while the store fails
	maxDraining = time.Second // the longest backoff while someone waits in Drain
)

// write makes the store call for a worker's batch and tells its outcome. A batch is its worker's: nobody else changes
// what its entries have in flight.
func (p *Pipeline) write(ctx context.Context, w *worker) {
	if len(w.batch) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, p.cfg.Timeout)
	defer cancel()
	p.call(ctx, w)
	if done := w.acknowledged(); len(done) > 0 {
		p.hear(w)
		p.cfg.Done(done)
	}
	for i, err := range w.errs {
		if err != nil && p.refused(w, i) {
			p.cfg.Dropped(w.writes[i], err)
		}
	}
	if n, err := p.toRetry(w); n > 0 {
		p.cfg.Failed(n, err)
	}
}

// hear notes what is durable, before anyone is told: nobody may take it for unsaved after that.
func (p *Pipeline) hear(w *worker) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, e := range w.batch {
		e.heard = w.errs[i] == nil
	}
}

// acknowledged returns the writes that the store acknowledged.
func (w *worker) acknowledged() []Write {
	failed := 0
	for _, err := range w.errs {
		if err != nil {
			failed++
		}
	}
	switch failed {
	case 0:
		return w.writes
	case len(w.errs):
		return nil
	}
	done := make([]Write, 0, len(w.writes)-failed)
	for i, err := range w.errs {
		if err == nil {
			done = append(done, w.writes[i])
		}
	}
	return done
}

// call makes the store call and notes one outcome for each entry.
func (p *Pipeline) call(ctx context.Context, w *worker) {
	w.errs = append(w.errs[:0], make([]error, len(w.batch))...)
	if len(w.batch) == 1 {
		w.errs[0] = p.callOne(ctx, w.writes[0])
		return
	}
	bad, err := p.callAll(ctx, w.writes)
	if err == nil {
		return
	}
	failed := make(map[string]bool, len(bad))
	for _, id := range bad {
		failed[id] = true
	}
	for i := range w.writes {
		if failed[w.writes[i].ID] {
			w.errs[i] = err
		}
	}
}

func (p *Pipeline) callOne(ctx context.Context, w Write) error {
	switch w.Op {
	case Touch:
		return p.cfg.Store.Touch(ctx, w)
	case Delete:
		return p.cfg.Store.Delete(ctx, w)
	default:
		return p.cfg.Store.Save(ctx, w)
	}
}

// callAll writes several sessions, all in one way, and returns the IDs for which that failed.
func (p *Pipeline) callAll(ctx context.Context, ws []Write) ([]string, error) {
	switch ws[0].Op {
	case Touch:
		return p.batch.TouchAll(ctx, ws)
	case Delete:
		return p.batch.DeleteAll(ctx, ws)
	default:
		return p.cfg.Store.SaveAll(ctx, ws)
	}
}

// refused reports whether an entry's error is the store's last word on it. That of a batch may be about another one.
func (p *Pipeline) refused(w *worker, i int) bool {
	return len(w.batch) == 1 && w.writes[i].Op != Delete && p.cfg.Refused(w.errs[i])
}

// toRetry counts the entries that will be tried again, and gives one reason.
func (p *Pipeline) toRetry(w *worker) (n int, err error) {
	for i, e := range w.errs {
		if e != nil && !p.refused(w, i) {
			n, err = n+1, e
		}
	}
	return n, err
}

// settle takes the outcome of a worker's batch into account.
func (p *Pipeline) settle(w *worker) {
	if len(w.batch) == 0 {
		return
	}
	p.pace(w)
	for i, e := range w.batch {
		if err := w.errs[i]; err == nil || p.refused(w, i) {
			p.finish(e, err)
		} else {
			p.again(e, err, len(w.batch))
		}
		p.clean(e)
	}
}

// pace slows down when the store does nothing of what it is asked, and speeds up when it does.
func (p *Pipeline) pace(w *worker) {
	if retry, err := p.toRetry(w); retry > 0 {
		p.errors += uint64(retry)
		p.lastErr = err
		if retry == len(w.batch) && !p.cfg.Refused(err) {
			p.failures++
			p.limit = max(1, p.limit/2)
			p.gate = time.Now().Add(backoff(p.cfg.MinBackoff, maxGate, p.failures))
			return
		}
	}
	p.failures = 0
	p.limit = min(2*p.limit, p.cfg.BatchSize)
}

// finish ends a write: it is durable, or refused with err. What came in meanwhile waits from now on.
func (p *Pipeline) finish(e *entry, err error) {
	p.bytes -= int64(len(e.fly.Data))
	seq := e.fly.Seq
	e.fly, e.heard, e.attempts, e.alone = nil, false, 0, false
	e.resolve(seq, err)
	if e.next.Op != None {
		p.since.remove(e)
		p.wait(e)
		if e.aged == None {
			p.note(e, e.next.Op)
		}
		p.enqueue(e)
	}
}

// again puts a write back after a failure: alone at once when its batch was refused, since that may have been
// for another's sake; else after a while, with others.
func (p *Pipeline) again(e *entry, err error, batch int) {
	before := e.bytes()
	e.restore()
	p.bytes += e.bytes() - before
	p.note(e, None)
	refused := p.cfg.Refused(err)
	e.alone = refused
	if batch > 1 && refused {
		p.enqueue(e)
		return
	}
	most := p.cfg.MaxBackoff
	if p.mode == draining {
		most = min(most, maxDraining)
	}
	e.attempts += min(1, math.MaxUint8-e.attempts)
	e.place = waiting
	heap.Push(&p.waits, retry{e, time.Now().Add(backoff(p.cfg.MinBackoff, most, int(e.attempts)))})
}

// backoff doubles with each failure up to most, and is spread over its upper half.
func backoff(least, most time.Duration, failures int) time.Duration {
	d := most
	if shift := failures - 1; shift < 20 {
		d = min(most, least<<max(shift, 0))
	}
	return d/2 + rand.N(d/2+1)
}
