package loader

import (
	"container/list"
	"context"
)

// call is one call of the store.
type call struct {
	loads  []*Load
	live   int // those that somebody waits for
	began  int64
	ctx    context.Context
	cancel context.CancelFunc
}

// kick starts calls for what waits.
func (l *Loader) kick() {
	for l.calls < l.cfg.MaxCalls {
		c := l.take()
		if c == nil {
			return
		}
		go l.run(c)
	}
}

// take begins a call with what waits, one load of each group in turn.
func (l *Loader) take() *call {
	if l.stopped {
		return nil
	}
	c := &call{began: l.now()}
	most := l.mostLoads()
	l.fill(c, &l.doubted, l.forDoubted(most))
	l.fill(c, &l.turns, most)
	if c.live = len(c.loads); c.live == 0 {
		return nil
	}
	c.ctx, c.cancel = l.callContext()
	l.calls++
	l.begun += float64(c.began)
	return c
}

// forDoubted is how many loads of doubted groups the next call may have: a few, and none for which it would be made
// while there are others. Where calls are for one load each, one at a time is for them.
func (l *Loader) forDoubted(most int) int {
	others := l.turns.Len() > 0
	switch {
	case others && most > 1:
		return min(mostDoubted, most/2)
	case others && l.cfg.MaxCalls == 1:
		return 0
	case l.calls == 0, most == 1 && l.dubious == 0:
		return min(mostDoubted, most)
	}
	return 0
}

// fill takes loads from a line until a call has so many.
func (l *Loader) fill(c *call, line *list.List, most int) {
	for len(c.loads) < most && line.Len() > 0 {
		c.loads = append(c.loads, l.next(c, line))
	}
}

func (l *Loader) callContext() (context.Context, context.CancelFunc) {
	if l.cfg.Timeout > 0 {
		return context.WithTimeout(l.ctx, l.cfg.Timeout)
	}
	return context.WithCancel(l.ctx)
}

// next takes the first load of the group whose turn it is.
func (l *Loader) next(c *call, line *list.List) *Load {
	g := line.Front().Value.(*group)
	ld := g.queue.Remove(g.queue.Front()).(*Load)
	ld.place, ld.call, ld.doubted = nil, c, line == &l.doubted
	if ld.doubted {
		l.dubious++
	}
	g.flying++
	line.MoveToBack(g.place)
	l.turn(g)
	return ld
}

// run makes calls until nothing waits.
func (l *Loader) run(c *call) {
	for c != nil {
		results := l.ask(c)
		c.cancel()
		l.mu.Lock()
		l.settle(c, results)
		c = l.take()
		l.kick()
		if l.calls == 0 && l.idle != nil {
			close(l.idle)
			l.idle = nil
		}
		l.mu.Unlock()
	}
}

// ask makes the call. The results are those of its loads, in order.
func (l *Loader) ask(c *call) []Result {
	if len(c.loads) == 1 {
		data, err := l.cfg.Store.Load(c.ctx, c.loads[0].id)
		return []Result{{data, err}}
	}
	ids := make([]string, len(c.loads))
	for i, ld := range c.loads {
		ids[i] = ld.id
	}
	return resultsOf(ids, l.batch.LoadAll(c.ctx, ids))
}

// resultsOf returns what a batch says about each of its IDs. An error that is about none of them is about all.
func resultsOf(ids []string, b Batch) []Result {
	failed := make(map[string]bool, len(b.Failed))
	for _, id := range b.Failed {
		failed[id] = true
	}
	results := make([]Result, len(ids))
	for i, id := range ids {
		data, ok := b.Found[id]
		switch {
		case ok && data == nil:
			results[i].Data = []byte{}
		case ok:
			results[i].Data = data
		case b.Err != nil && (len(failed) == 0 || failed[id]):
			results[i].Err = b.Err
		}
	}
	return results
}

// settle hands out the results of a call.
func (l *Loader) settle(c *call, results []Result) {
	now := l.now()
	l.calls--
	l.begun -= float64(c.began)
	l.pace.note(now-c.began, results)
	for i, ld := range c.loads {
		l.end(ld, results[i])
	}
}

func (l *Loader) end(ld *Load, r Result) {
	switch {
	case r.Err != nil:
		l.stats.Failed++
	case r.Data != nil:
		l.stats.Found++
	default:
		l.stats.Missed++
	}
	if ld.doubted {
		l.dubious--
	}
	g := ld.group
	g.flying--
	g.learn(r)
	l.left(ld, ld.waiters)
	l.turn(g)
	l.rest(g)
	ld.ended, ld.result = true, r
	close(ld.done)
}

// desert notes that nobody waits for one of the loads any more. The call goes on, since many a store drops its connection
// when a call is broken off; only one without a deadline is ended when nobody waits at all.
func (c *call) desert(endless bool) {
	if c.live--; c.live == 0 && endless {
		c.cancel()
	}
}
