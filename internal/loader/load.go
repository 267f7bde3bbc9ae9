package loader

import (
	"container/list"
	"context"
	"time"
)

// Load is one load, and those who wait for it.
type Load struct {
	l       *Loader
	id      string
	group   *group
	waiters int
	place   *list.Element // in its group's queue, until its call starts
	call    *call         // from then on
	doubted bool          // its group was, when it started
	ended   bool
	result  Result
	done    chan struct{} // closed when the result is there
}

// Result is what the store said: Data is nil for a missing value.
type Result struct {
	Data []byte
	Err  error
}

// Enter starts a load for a caller of a group, or joins one: under, if that is not nil and somebody still waits for it
// or its result is there. It is for the caller to say which loads may be joined, since only it knows whether what was
// loaded since they began still counts. A load stays in the group that started it. The caller calls Wait next.
//
// Enter does not wait. Its errors are an *OverloadedError and ErrStopped. The empty group has no limit of its own: only
// that of all, and its turns.
func (l *Loader) Enter(id, groupName string, under *Load) (*Load, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopped {
		return nil, ErrStopped
	}
	if under != nil && under.ended {
		return under, nil
	}
	if under != nil && under.waiters > 0 {
		if err := l.admit(under.group); err != nil {
			return nil, err
		}
		under.join()
		return under, nil
	}
	g := l.groupOf(groupName)
	if err := l.admit(g); err != nil {
		l.rest(g)
		return nil, err
	}
	ld := &Load{l: l, id: id, group: g, done: make(chan struct{})}
	ld.join()
	ld.place = g.queue.PushBack(ld)
	l.turn(g)
	l.kick()
	return ld, nil
}

// admit refuses a caller when too many wait.
func (l *Loader) admit(g *group) error {
	switch {
	case g.waiting >= l.share && !g.anonymous():
		return l.refuse(g, &g.retry)
	case l.waiting >= l.cfg.MaxWaiting:
		return l.refuse(g, &l.retry)
	}
	return nil
}

func (ld *Load) join() {
	ld.waiters++
	ld.group.waiting++
	ld.l.waiting++
}

// Wait returns what the store said. Its error is why the caller waited no longer: the context's, an *OverloadedError
// when Timeout passed and the load had not begun, context.DeadlineExceeded when it had, or ErrStopped.
func (ld *Load) Wait(ctx context.Context) (Result, error) {
	var timeout <-chan time.Time
	if d := ld.l.cfg.Timeout; d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		timeout = timer.C
	}
	select {
	case <-ld.done:
		return ld.outcome()
	case <-ctx.Done():
		return ld.leave(func() error { return ctx.Err() })
	case <-ld.l.ctx.Done():
		return ld.leave(func() error { return ErrStopped })
	case <-timeout:
		return ld.leave(ld.late)
	}
}

// outcome is what the store said, unless it failed since the loader was stopped.
func (ld *Load) outcome() (Result, error) {
	if ld.result.Err != nil && ld.l.ctx.Err() != nil {
		return Result{}, ErrStopped
	}
	return ld.result, nil
}

// late says why the time was not enough.
func (ld *Load) late() error {
	if ld.call != nil {
		return context.DeadlineExceeded
	}
	return ld.l.refuse(ld.group, &ld.group.retry)
}

// leave ends a caller's waiting, unless the result came meanwhile.
func (ld *Load) leave(why func() error) (Result, error) {
	l := ld.l
	l.mu.Lock()
	defer l.mu.Unlock()
	if ld.ended {
		return ld.outcome()
	}
	err := why()
	l.left(ld, 1)
	if ld.waiters > 0 {
		return Result{}, err
	}
	if ld.call != nil {
		ld.call.desert(l.cfg.Timeout < 0)
		return Result{}, err
	}
	ld.group.queue.Remove(ld.place)
	ld.place = nil
	l.turn(ld.group)
	l.rest(ld.group)
	return Result{}, err
}

// left counts callers that wait no longer.
func (l *Loader) left(ld *Load, n int) {
	ld.waiters -= n
	ld.group.waiting -= n
	l.waiting -= n
}

// Deserted reports whether nobody waits for the load any more: its result, if it comes, is nobody's.
func (ld *Load) Deserted() bool {
	ld.l.mu.Lock()
	defer ld.l.mu.Unlock()
	return ld.waiters == 0
}
