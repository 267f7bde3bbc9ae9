package soak

import (
	"slices"
	"time"
)

// life is one way a session may be in the store: under a version of its data, certainly live before one instant and certainly
// gone after another. Version 0 is no session.
type life struct {
	version     uint64
	from, until time.Time
}

// change is what a write makes of a life. Where it depends on when exactly the write took place, there are several.
type change func(life) []life

// late is a write of unknown outcome. It may still take place until the server has been killed once more.
type late struct {
	change change
	era    int
}

// record is everything that may be true of one session, by what its only writer was told.
type record struct {
	lives []life
	late  []late
}

func newRecord() *record { return &record{lives: []life{{}}} }

// acknowledged takes a write for done. era counts the kills before the write began.
func (r *record) acknowledged(c change, era int) {
	r.settle(era)
	var next []life
	for _, l := range r.lives {
		next = union(next, c(l))
	}
	r.lives = next
	r.spread()
}

// failed takes a write for done or not, now or later. era counts the kills before it failed.
func (r *record) failed(c change, era int) {
	r.late = append(r.late, late{c, era})
	r.spread()
}

// settle forgets the writes that cannot take place any more; if they did, the lives tell.
func (r *record) settle(era int) {
	r.late = slices.DeleteFunc(r.late, func(l late) bool { return l.era < era })
}

// spread adds what the late writes may make of each life.
func (r *record) spread() {
	for n := -1; n != len(r.lives); {
		n = len(r.lives)
		for _, l := range r.late {
			for _, was := range slices.Clone(r.lives) {
				r.lives = union(r.lives, l.change(was))
			}
		}
	}
}

// observed narrows the record to what agrees with the version that was read between two instants. It reports false, and
// believes what was read, if nothing does.
func (r *record) observed(version uint64, start, end time.Time, era int) bool {
	r.settle(era)
	r.lives = slices.DeleteFunc(r.lives, func(l life) bool { return !l.mayRead(version, start, end) })
	ok := len(r.lives) > 0
	switch {
	case version == 0:
		r.lives = []life{{}} // a session that has expired does not come back by itself
	case !ok:
		r.lives = []life{{version: version, from: start, until: forever}}
	}
	r.spread()
	return ok
}

// mayRead reports whether a read may find the version.
func (l life) mayRead(version uint64, start, end time.Time) bool {
	if version == 0 {
		return l.version == 0 || !end.Before(l.from)
	}
	return l.version == version && !start.After(l.until)
}

// certain returns the one life a session must have, if only one is left.
func (r *record) certain() (life, bool) {
	if len(r.lives) != 1 || len(r.late) > 0 {
		return life{}, false
	}
	return r.lives[0], true
}

const (
	grain   = 2 * time.Millisecond // stores have milliseconds, and clocks are read twice
	lateMax = 2 * time.Minute      // no write of unknown outcome takes place later than that
)

var forever = time.Now().Add(1000 * time.Hour)

// span is when a write took place: between two instants, or unknown if the second is zero.
type span struct{ start, end time.Time }

func (s span) latest() time.Time {
	if s.end.IsZero() {
		return s.start.Add(lateMax)
	}
	return s.end
}

// expiring is the life that a write with this expiry gives: a store adds what is left when it is called to its own clock when
// it gets to it.
func (s span) expiring(version uint64, expiresAt time.Time) life {
	return life{version, expiresAt.Add(-grain), expiresAt.Add(s.latest().Sub(s.start) + grain)}
}

func saved(version uint64, expiresAt time.Time, when span) change {
	return func(life) []life { return []life{when.expiring(version, expiresAt)} }
}

func deleted() change {
	return func(life) []life { return []life{{}} }
}

// touched moves the expiry of what is live, and revives nothing.
func touched(expiresAt time.Time, when span) change {
	return func(l life) []life {
		switch {
		case l.version == 0 || when.start.After(l.until):
			return []life{{}}
		case when.latest().Before(l.from):
			return []life{when.expiring(l.version, expiresAt)}
		}
		return []life{{}, when.expiring(l.version, expiresAt)}
	}
}

func union(a, b []life) []life {
	for _, l := range b {
		if !slices.Contains(a, l) {
			a = append(a, l)
		}
	}
	return a
}
