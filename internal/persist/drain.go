package persist

import (
	"context"
	"slices"
	"time"
)

// mode says how the pipeline runs.
type mode uint8

const (
	open     mode = iota
	draining      // someone waits for it to be empty
	once          // it was drained: what comes late is tried once, and kept if that fails
	paused        // a drain failed: nothing is tried until the next one
)

// grace is how long a Drain that ran out of time waits for calls it cancelled, to know how they ended.
const grace = 50 * time.Millisecond

// Drain writes everything, and returns when nothing is left or ctx ends. In the second case it cancels the calls
// under way, pauses the pipeline and returns the IDs, in ascending order, of what is not durable, and the
// store's last error if there was one. Either way no goroutine is left, unless the store ignores its context.
// Draining again goes on where the last one ended. Only one Drain may run at a time.
func (p *Pipeline) Drain(ctx context.Context) (left []string, err error) {
	p.Hurry()
	empty := p.await(ctx, func() bool { return len(p.entries) == 0 && p.running == 0 })
	if empty {
		return nil, nil
	}
	p.mu.Lock()
	p.mode = paused
	p.cancel()
	p.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	p.await(ctx, func() bool { return p.running == 0 })
	left, err = p.end()
	slices.Sort(left)
	return left, err
}

// Hurry has everything that waits tried again at once, and ends the pause that a Drain left behind. It is what a Drain
// begins with, for callers who bring more before they drain; a Drain must follow.
func (p *Pipeline) Hurry() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mode, p.failures, p.gate = draining, 0, time.Time{}
	if p.ctx.Err() != nil {
		p.ctx, p.cancel = context.WithCancel(context.Background())
	}
	waits := p.waits
	p.waits = nil
	for _, w := range waits {
		w.entry.place = nowhere
		p.enqueue(w.entry)
	}
	p.kick()
}

// HalfFull reports whether what waits takes more than half of what the limit on bytes allows.
func (p *Pipeline) HalfFull() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cfg.MaxBytes > 0 && p.size() > p.cfg.MaxBytes/2
}

// Fits reports whether a state of n bytes can be put without pushing out anything, or alone.
func (p *Pipeline) Fits(n int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cfg.MaxBytes <= 0 || len(p.entries) == 0 || p.size()+int64(n)+overhead <= p.cfg.MaxBytes
}

// await waits until a condition holds, and reports whether it did before ctx ended.
func (p *Pipeline) await(ctx context.Context, holds func() bool) bool {
	for {
		p.mu.Lock()
		if holds() {
			if p.mode == draining {
				p.mode = once
			}
			p.mu.Unlock()
			return true
		}
		if p.changed == nil {
			p.changed = make(chan struct{})
		}
		changed := p.changed
		p.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}

// leftChunk is how many entries one hold of the lock looks at when a Drain failed.
const leftChunk = 1024

// end reports what is left, in no order: sorting takes long.
func (p *Pipeline) end() ([]string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.entries) == 0 {
		p.mode = once
		p.ctx, p.cancel = context.WithCancel(context.Background())
		return nil, nil
	}
	left := make([]string, 0, len(p.entries))
	for id := range p.entries {
		if left = append(left, id); len(left)%leftChunk == 0 {
			p.mu.Unlock() // nobody is held up for long by many
			p.mu.Lock()
		}
	}
	return left, p.lastErr
}
