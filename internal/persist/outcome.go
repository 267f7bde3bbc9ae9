package persist

import (
	"container/heap"
	"context"
	"math/rand/v2"
	"time"
)

const (
	maxGate     = time.Second // the whole pipeline's longest pause between two tries while the store fails
	maxDraining = time.Second // the longest backoff while someone waits in Drain
)

// write makes the store call for a batch, tells its outcome and returns it. A batch is its worker's: nobody else
// changes what its entries have in flight.
func (p *Pipeline) write(ctx context.Context, batch []*entry) []error {
	if len(batch) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, p.cfg.Timeout)
	defer cancel()
	errs := p.call(ctx, batch)
	for i, e := range batch {
		switch {
		case errs[i] == nil:
			p.cfg.Done(e.fly)
		case p.refused(e, errs[i], len(batch)):
			p.cfg.Dropped(e.fly, errs[i])
		}
	}
	if n, err := p.toRetry(batch, errs); n > 0 {
		p.cfg.Failed(n, err)
	}
	return errs
}

// call makes the store call and returns one outcome for each entry.
func (p *Pipeline) call(ctx context.Context, batch []*entry) []error {
	errs := make([]error, len(batch))
	if len(batch) == 1 {
		errs[0] = p.callOne(ctx, batch[0].fly)
		return errs
	}
	writes := make([]Write, len(batch))
	for i, e := range batch {
		writes[i] = e.fly
	}
	bad, err := p.callAll(ctx, writes)
	if err == nil {
		return errs
	}
	failed := make(map[string]bool, len(bad))
	for _, id := range bad {
		failed[id] = true
	}
	for i, w := range writes {
		if failed[w.ID] {
			errs[i] = err
		}
	}
	return errs
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

// refused reports whether an error is the store's last word on an entry. That of a batch may be about another one.
func (p *Pipeline) refused(e *entry, err error, batch int) bool {
	return batch == 1 && e.fly.Op != Delete && p.cfg.Refused(err)
}

// toRetry counts the entries that will be tried again, and gives one reason.
func (p *Pipeline) toRetry(batch []*entry, errs []error) (n int, err error) {
	for i, e := range batch {
		if errs[i] != nil && !p.refused(e, errs[i], len(batch)) {
			n, err = n+1, errs[i]
		}
	}
	return n, err
}

// settle takes the outcome of a batch into account.
func (p *Pipeline) settle(batch []*entry, errs []error) {
	if len(batch) == 0 {
		return
	}
	p.pace(batch, errs)
	for i, e := range batch {
		switch {
		case errs[i] == nil || p.refused(e, errs[i], len(batch)):
			p.finish(e, errs[i])
		default:
			p.again(e, errs[i], len(batch))
		}
		p.clean(e)
	}
}

// pace slows down when the store does nothing of what it is asked, and speeds up when it does.
func (p *Pipeline) pace(batch []*entry, errs []error) {
	if retry, err := p.toRetry(batch, errs); retry > 0 {
		p.errors += uint64(retry)
		p.lastErr = err
		if retry == len(batch) && !p.cfg.Refused(err) {
			p.failures++
			p.limit = max(1, p.limit/2)
			p.gate = time.Now().Add(backoff(p.cfg.MinBackoff, maxGate, p.failures))
			return
		}
	}
	p.failures = 0
	p.limit = min(2*p.limit, p.cfg.BatchSize)
}

// finish ends a write: it is durable, or refused with err.
func (p *Pipeline) finish(e *entry, err error) {
	p.bytes -= int64(len(e.fly.Data))
	seq := e.fly.Seq
	e.fly, e.attempts, e.alone = Write{}, 0, false
	e.resolve(seq, err)
	p.enqueue(e)
}

// again puts a write back after a failure: alone at once when its batch was refused, since that may have been
// for another's sake; else after a while.
func (p *Pipeline) again(e *entry, err error, batch int) {
	before := e.bytes()
	e.restore()
	p.bytes += e.bytes() - before
	p.note(e, None)
	if batch > 1 && p.cfg.Refused(err) {
		e.alone = true
		p.enqueue(e)
		return
	}
	most := p.cfg.MaxBackoff
	if p.mode == draining {
		most = min(most, maxDraining)
	}
	e.attempts++
	e.due = time.Now().Add(backoff(p.cfg.MinBackoff, most, e.attempts))
	e.place = waiting
	heap.Push(&p.waits, e)
}

// backoff doubles with each failure up to most, and is spread over its upper half.
func backoff(least, most time.Duration, failures int) time.Duration {
	d := most
	if shift := failures - 1; shift < 20 {
		d = min(most, least<<max(shift, 0))
	}
	return d/2 + rand.N(d/2+1)
}
