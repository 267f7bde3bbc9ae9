package persist

import (
	"container/heap"
	"container/list"
	"context"
	"math"
	"sync"
	"time"
)

// overhead is what an unsaved state costs beside its bytes, so that the limit holds for many small ones too.
const overhead = 256

// Pipeline is the queue. Its methods are safe for use by many goroutines. It has no goroutine while it is idle.
type Pipeline struct {
	cfg   Config
	batch BatchStore // nil if the store is none

	mu      sync.Mutex
	entries map[string]*entry
	ready   queues    // what may be written now, by kind of batch
	waits   byDue     // failed, to be tried again
	ages    list.List // entries with a save to do, those whose bytes wait longest first
	bytes   int64
	seq     uint64

	running  int       // workers
	turn     Op        // the kind of batch that was taken last
	limit    int       // sessions in the next batch
	failures int       // of the store in a row
	gate     time.Time // no call before, after a failure
	timer    *time.Timer
	mode     mode
	lastErr  error
	errors   uint64

	ctx     context.Context // of store calls
	cancel  context.CancelFunc
	changed chan struct{} // closed when the pipeline became empty or the last worker ended
}

// New makes a pipeline.
func New(cfg Config) *Pipeline {
	p := &Pipeline{cfg: cfg.withDefaults(), entries: map[string]*entry{}}
	p.batch, _ = cfg.Store.(BatchStore)
	p.limit = p.cfg.BatchSize
	p.ctx, p.cancel = context.WithCancel(context.Background())
	return p
}

// Put queues a write and returns the states it pushed out, oldest first: ErrOverflow is theirs. A save or touch of a
// session that is being deleted is ignored, and Put returns seq 0.
func (p *Pipeline) Put(w Write) (seq uint64, lost []Write) {
	seq, _, lost = p.put(w, false)
	return seq, lost
}

// PutWait is Put, and returns a channel that receives the outcome: nil once the store acknowledged w or a later
// state, or why it was given up.
func (p *Pipeline) PutWait(w Write) (seq uint64, done <-chan error, lost []Write) {
	return p.put(w, true)
}

func (p *Pipeline) put(w Write, wait bool) (uint64, <-chan error, []Write) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.entries[w.ID]
	if e == nil {
		e = &entry{id: w.ID}
		p.entries[w.ID] = e
	}
	p.seq++
	w.Seq = p.seq
	before := e.bytes()
	if !e.merge(w) {
		return 0, answered(wait, ErrDeleted), nil
	}
	p.bytes += e.bytes() - before
	if w.Op == Delete {
		e.resolve(math.MaxUint64, ErrDeleted)
	}
	done := e.await(wait, w.Seq)
	p.note(e, w.Op)
	p.enqueue(e)
	lost := p.overflow()
	p.kick()
	return w.Seq, done, lost
}

// answered returns a channel with an outcome.
func answered(wait bool, err error) <-chan error {
	if !wait {
		return nil
	}
	done := make(chan error, 1)
	done <- err
	return done
}

func (e *entry) await(wait bool, seq uint64) <-chan error {
	if !wait {
		return nil
	}
	done := make(chan error, 1)
	e.waiters = append(e.waiters, waiter{seq, done})
	return done
}

// Await returns a channel that receives the outcome of what is queued now for a session; nil when nothing is.
func (p *Pipeline) Await(id string) <-chan error {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.entries[id]
	if e == nil {
		return nil
	}
	return e.await(true, max(e.next.Seq, e.fly.Seq))
}

// note keeps the order in which unsaved states would be given up.
func (p *Pipeline) note(e *entry, op Op) {
	switch {
	case e.next.Op != Save:
		p.forget(e)
	case e.age == nil && op == None: // it was tried, so it is old
		e.age = p.ages.PushFront(e)
	case e.age == nil:
		e.age = p.ages.PushBack(e)
	case op == Save:
		p.ages.MoveToBack(e.age)
	}
}

func (p *Pipeline) forget(e *entry) {
	if e.age != nil {
		p.ages.Remove(e.age)
		e.age = nil
	}
}

// enqueue makes an entry ready unless a worker has it or it waits for another try.
func (p *Pipeline) enqueue(e *entry) {
	if e.place != nowhere || e.fly.Op != None || e.next.Op == None {
		return
	}
	e.place = ready
	p.ready[e.kind()].push(e)
}

// overflow gives up the oldest unsaved states that no worker has, until the limit holds.
func (p *Pipeline) overflow() (lost []Write) {
	for p.cfg.MaxBytes > 0 && p.bytes+int64(p.ages.Len())*overhead > p.cfg.MaxBytes && p.ages.Len() > 0 {
		e := p.ages.Front().Value.(*entry)
		lost = append(lost, e.next)
		p.discard(e, ErrOverflow)
	}
	return lost
}

// discard gives up what an entry has not begun.
func (p *Pipeline) discard(e *entry, err error) {
	p.forget(e)
	p.bytes -= int64(len(e.next.Data))
	e.resolve(e.next.Seq, err)
	e.next = Write{}
	p.clean(e)
}

// clean drops an entry that has nothing left to do. The ready queues skip what is no longer an entry's place.
func (p *Pipeline) clean(e *entry) {
	if e.next.Op != None || e.fly.Op != None {
		return
	}
	if e.place == waiting {
		heap.Remove(&p.waits, e.index)
	}
	e.place = nowhere
	e.resolve(math.MaxUint64, nil)
	if p.entries[e.id] == e {
		delete(p.entries, e.id)
	}
	if len(p.entries) == 0 {
		p.broadcast()
	}
}

// broadcast wakes those who wait for a change.
func (p *Pipeline) broadcast() {
	if p.changed != nil {
		close(p.changed)
		p.changed = nil
	}
}

// Lookup returns the newest state of a session that is not durable: a Save with its bytes, a Touch, a Delete, or
// None.
func (p *Pipeline) Lookup(id string) Write {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e := p.entries[id]; e != nil {
		return e.pending()
	}
	return Write{}
}

// Stats is what a pipeline holds.
type Stats struct {
	Sessions int
	Bytes    int64
	Errors   uint64 // writes that failed and were tried again
	LastErr  error
}

// Stats returns what the pipeline holds.
func (p *Pipeline) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return Stats{len(p.entries), p.bytes, p.errors, p.lastErr}
}
