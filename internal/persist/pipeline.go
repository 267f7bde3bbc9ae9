package persist

import (
	"container/heap"
	"context"
	"math"
	"sync"
	"time"
)

// Pipeline is the queue. Its methods are safe for use by many goroutines. It has no goroutine while it is idle.
type Pipeline struct {
	cfg   Config
	batch BatchStore // nil if the store is none
	start time.Time

	mu      sync.Mutex
	entries map[string]*entry
	ready   queues // what may be written now, by kind of batch
	waits   byDue  // failed, to be tried again
	ages    queues // touches and saves that could be given up, the oldest first
	since   list   // all entries, those that wait longest first
	bytes   int64
	seq     uint64

	running  int       // workers
	turn     Op        // the kind of batch that was taken last
	limit    int       // sessions in the next batch
	failures int       // of the store in a row
	gate     time.Time // no call before, after a failure
	timer    *time.Timer
	armed    time.Time // when the timer fires; zero when it is not set
	mode     mode
	lastErr  error
	errors   uint64

	ctx     context.Context // of store calls
	cancel  context.CancelFunc
	changed chan struct{} // closed when the pipeline became empty or the last worker ended
}

// New makes a pipeline.
func New(cfg Config) *Pipeline {
	p := &Pipeline{
		cfg:     cfg.withDefaults(),
		start:   time.Now(),
		entries: map[string]*entry{},
		ready:   newQueues(byTurn),
		ages:    newQueues(byAge),
		since:   list{kind: byWait},
	}
	p.batch, _ = cfg.Store.(BatchStore)
	p.limit = p.cfg.BatchSize
	p.ctx, p.cancel = context.WithCancel(context.Background())
	return p
}

// Put queues a write and returns what it pushed out, the oldest first: ErrOverflow is theirs. A save or touch of a
// session that is being deleted is ignored, and Put returns seq 0. A delete pushes nothing out: the next write does.
func (p *Pipeline) Put(w Write) (seq uint64, lost []Write) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.put(&w)
	if e == nil {
		return 0, nil
	}
	return w.Seq, p.queue(e, w.Op)
}

// PutWait is Put, and returns a channel that receives the outcome: nil once the store acknowledged w or a later
// state, or why it was given up.
func (p *Pipeline) PutWait(w Write) (seq uint64, done <-chan error, lost []Write) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.put(&w)
	if e == nil {
		done := make(chan error, 1)
		done <- ErrDeleted
		return 0, done, nil
	}
	done = e.await(w.Seq)
	return w.Seq, done, p.queue(e, w.Op)
}

// put makes w the newest of its session, whose entry it returns; nil when w does not count.
func (p *Pipeline) put(w *Write) *entry {
	e := p.entries[w.ID]
	if e == nil {
		e = newEntry(w.ID)
		p.entries[w.ID] = e
		p.wait(e)
	}
	p.seq++
	w.Seq = p.seq
	before := len(e.next.Data)
	if !e.merge(*w) {
		return nil
	}
	p.bytes += int64(len(e.next.Data) - before)
	if w.Op == Delete {
		e.resolve(math.MaxUint64, ErrDeleted)
	}
	return e
}

// queue brings an entry with a new write on its way.
func (p *Pipeline) queue(e *entry, op Op) (lost []Write) {
	p.note(e, op)
	p.enqueue(e)
	if op != Delete {
		lost = p.overflow()
	}
	p.kick()
	return lost
}

// Await returns a channel that receives the outcome of what is queued now for a session; nil when nothing is.
func (p *Pipeline) Await(id string) <-chan error {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.entries[id]
	if e == nil {
		return nil
	}
	return e.await(e.newest())
}

// enqueue makes an entry ready unless a worker has it or it waits for another try.
func (p *Pipeline) enqueue(e *entry) {
	if e.place == ready && e.queue != e.kind() { // it changed while it was queued
		p.unqueue(e)
	}
	if e.place != nowhere || e.fly != nil || e.next.Op == None {
		return
	}
	e.place, e.queue = ready, e.kind()
	p.ready[e.queue].pushBack(e)
}

// unqueue takes an entry out of where it waits.
func (p *Pipeline) unqueue(e *entry) {
	switch e.place {
	case ready:
		p.ready[e.queue].remove(e)
	case waiting:
		heap.Remove(&p.waits, int(e.index))
	}
	e.place = nowhere
}

// clean drops an entry that has nothing left to do.
func (p *Pipeline) clean(e *entry) {
	if e.next.Op != None || e.fly != nil {
		return
	}
	p.unqueue(e)
	p.since.remove(e)
	e.resolve(math.MaxUint64, nil)
	delete(p.entries, e.next.ID)
	e.free()
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
	Oldest   time.Duration // how long the session has waited that waits longest
	Errors   uint64        // writes that failed and were tried again
	LastErr  error
}

// Stats returns what the pipeline holds.
func (p *Pipeline) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return Stats{len(p.entries), p.bytes, p.oldest(), p.errors, p.lastErr}
}
