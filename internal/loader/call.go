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

// take begins a call with what waits, one load of each group in turn, or returns nil.
func (l *Loader) take() *call {
	if l.stopped {
		return nil
	}
	most := l.mostLoads()
	doubted, each := l.forDoubted(most)
	if doubted == 0 && l.turns.Len() == 0 {
		return nil
	}
	c := &call{began: l.now()}
	l.fill(c, &l.doubted, doubted, each)
	l.fill(c, &l.turns, most, 1)
	c.live = len(c.loads)
	c.ctx, c.cancel = l.callContext()
	l.calls++
	l.begun += float64(c.began)
	return c
}

// fill takes loads from a line until a call has so many: each group's next ones, and then it is the turn of another.
func (l *Loader) fill(c *call, line *list.List, most, each int) {
	for len(c.loads) < most && line.Len() > 0 {
		g := line.Front().Value.(*group)
		for range min(each, g.queue.Len(), most-len(c.loads)) {
			c.loads = append(c.loads, l.next(c, g))
		}
		line.MoveToBack(g.place)
		l.turn(g)
	}
}

func (l *Loader) callContext() (context.Context, context.CancelFunc) {
	if l.cfg.Timeout > 0 {
		return context.WithTimeout(l.ctx, l.cfg.Timeout)
	}
	return context.WithCancel(l.ctx)
}

// next takes the first load of a group.
func (l *Loader) next(c *call, g *group) *Load {
	ld := g.queue.Remove(g.queue.Front()).(*Load)
	ld.place, ld.call, ld.doubted = nil, c, g.line == &l.doubted
	if ld.doubted {
		l.dubious++
	}
	g.flying++
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
