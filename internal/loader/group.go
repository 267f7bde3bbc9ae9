package loader

import (
	"container/list"
	"math"
	"time"
)

const (
	newWindow    = 16               // loads that a group which is not known may have under way
	mostWindow   = 1024             // and one whose loads were found
	memory       = 10 * time.Second // for so long a group that does nothing is remembered
	mostRemember = 4096             // such groups
)

// group is what belongs together: the callers from one address, say.
type group struct {
	name    string
	queue   list.List  // of loads that have not begun
	waiting int        // callers
	flying  int        // loads under way
	window  int        // how many may be
	retry   int64      // when the next caller that is sent away may come back
	line    *list.List // turns or doubted, while it has a load that may start now
	place   *list.Element
	rested  *list.Element
	since   int64 // when it began to rest
}

// anonymous reports whether nothing says that the group's callers belong together.
func (g *group) anonymous() bool { return g.name == "" }

// doubted reports whether the group asks for what does not exist.
func (g *group) doubted() bool { return g.window == 1 }

func (l *Loader) groupOf(name string) *group {
	l.prune()
	g := l.groups[name]
	if g == nil {
		g = &group{name: name, window: newWindow}
		if g.anonymous() {
			g.window = math.MaxInt
		}
		l.groups[name] = g
	}
	if g.rested != nil {
		l.resting.Remove(g.rested)
		g.rested = nil
	}
	return g
}

// turn puts a group at the end of the line of those that may start a load, the one it belongs to, or takes it out.
func (l *Loader) turn(g *group) {
	var line *list.List
	switch {
	case g.queue.Len() == 0 || g.flying >= g.window:
	case g.doubted():
		line = &l.doubted
	default:
		line = &l.turns
	}
	if line == g.line {
		return
	}
	if g.line != nil {
		g.line.Remove(g.place)
	}
	if g.line = line; line != nil {
		g.place = line.PushBack(g)
	}
}

// learn moves the window by the outcome of a load.
func (g *group) learn(r Result) {
	switch {
	case g.anonymous() || r.Err != nil:
	case r.Data != nil:
		g.window = min(g.window+1, mostWindow)
	default:
		g.window = max(g.window-1, 1)
	}
}

// rest forgets a group that does nothing, after a while if its loads were not found.
func (l *Loader) rest(g *group) {
	if g.waiting > 0 || g.flying > 0 || g.rested != nil {
		return
	}
	if g.window >= newWindow {
		delete(l.groups, g.name)
		return
	}
	g.since = l.now()
	g.rested = l.resting.PushBack(g)
	l.prune()
}

// prune forgets groups whose time has come: a few, but more than come in.
func (l *Loader) prune() {
	for range 2 {
		e := l.resting.Front()
		if e == nil {
			return
		}
		g := e.Value.(*group)
		if l.resting.Len() <= mostRemember && l.now()-g.since < int64(memory) {
			return
		}
		l.resting.Remove(e)
		delete(l.groups, g.name)
	}
}
