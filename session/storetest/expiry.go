package storetest

import (
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

func expiryChecks() []check {
	return []check{
		{"a saved session is missing from the millisecond it expires", saveExpires},
		{"a session of a batch is missing from the millisecond it expires", saveAllExpires},
		{"Touch moves an expiry closer, to the millisecond", touchCloser},
		{"Touch moves an expiry away and keeps the data", touchAway},
		{"Touch with a past expiry ends the session", touchPast},
		{"Touch never creates", touchMissing},
		{"Touch never revives an expired session", touchExpired},
		{"Save moves an expiry away", saveAway},
		{"Save moves an expiry closer", saveCloser},
		{"Save moves the expiry of the same data too", saveMovesSame},
		{"SaveAll moves expiries away and closer, of the same data too", saveAllMoves},
		{"Save with a past expiry leaves no record", savePast},
		{"SaveAll with a past expiry leaves no record", saveAllPast},
		{"the zero time is past", zeroTime},
		{"an expired session can be saved anew", saveExpired},
		{"Delete of an expired session is nil", deleteExpired},
		{"the zone of an expiry does not matter", zones},
		{"an expiry in an hour that clocks skip or repeat is kept", skippedHours},
		{"an expiry without a monotonic reading counts all the same", wallClock},
		{"an expiry centuries ahead is kept", farAhead},
	}
}

func saveExpires(t testing.TB, k *kit) {
	s := k.store(t)
	id, other := newID("short"), newID("long")
	s.save(t, other, []byte("long"), later())
	l := k.expiring(func(at time.Time) { s.save(t, id, []byte("short"), at) })
	s.expires(t, id, l)
	s.holds(t, other, []byte("long"))
	until(l.latest)
	s.lacks(t, id)
}

func saveAllExpires(t testing.TB, k *kit) {
	s := k.store(t)
	short, long := newID("short"), newID("long")
	l := k.expiring(func(at time.Time) {
		s.saveAll(t, map[string]session.SessionData{
			short: {Data: []byte("short"), ExpiresAt: at},
			long:  {Data: []byte("long"), ExpiresAt: later()},
		})
	})
	s.expires(t, short, l)
	s.holds(t, long, []byte("long"))
}

func touchCloser(t testing.TB, k *kit) {
	s := k.store(t)
	id := newID("")
	s.save(t, id, []byte("x"), later())
	l := k.expiring(func(at time.Time) { s.touch(t, id, at) })
	l.latest = l.latest.Add(k.opts.TouchPrecision)
	s.expires(t, id, l)
}

func touchAway(t testing.TB, k *kit) {
	s := k.store(t)
	id := newID("")
	l := k.expiring(func(at time.Time) { s.save(t, id, []byte("kept"), at) })
	s.touch(t, id, later())
	if time.Now().After(l.earliest) {
		return // the machine was so slow that it may have expired before
	}
	s.outlives(t, id, []byte("kept"), l)
}

func touchPast(t testing.TB, k *kit) {
	s := k.store(t)
	for _, past := range []time.Time{time.Now().Add(-time.Hour), time.Now().Add(-time.Millisecond), time.Unix(0, 0), {}} {
		id := newID("")
		s.save(t, id, []byte("x"), later())
		s.touch(t, id, past)
		s.lacks(t, id)
		s.touch(t, id, later())
		s.lacks(t, id)
	}
}

func touchMissing(t testing.TB, k *kit) {
	s := k.store(t)
	id := newID("")
	s.touch(t, id, later())
	s.lacks(t, id)
	s.save(t, id, []byte("x"), later())
	s.delete(t, id)
	s.touch(t, id, later())
	s.lacks(t, id)
}

func touchExpired(t testing.TB, k *kit) {
	s := k.store(t)
	id := newID("")
	l := k.expiring(func(at time.Time) { s.save(t, id, []byte("x"), at) })
	until(l.latest)
	s.touch(t, id, later())
	s.lacks(t, id)
}

func saveAway(t testing.TB, k *kit) {
	s := k.store(t)
	id := newID("")
	l := k.expiring(func(at time.Time) { s.save(t, id, []byte("old"), at) })
	s.save(t, id, []byte("new"), later())
	s.outlives(t, id, []byte("new"), l)
}

func saveCloser(t testing.TB, k *kit) {
	s := k.store(t)
	id := newID("")
	s.save(t, id, []byte("old"), later())
	s.expires(t, id, k.expiring(func(at time.Time) { s.save(t, id, []byte("new"), at) }))
}

func savePast(t testing.TB, k *kit) {
	s := k.store(t)
	for _, past := range []time.Time{time.Now().Add(-time.Hour), time.Now().Add(-time.Millisecond), time.Unix(0, 0), {}} {
		fresh, old := newID("fresh"), newID("old")
		s.save(t, fresh, []byte("x"), past)
		s.lacks(t, fresh)
		s.save(t, old, []byte("old"), later())
		s.save(t, old, []byte("new"), past)
		s.lacks(t, old)
		s.touch(t, old, later())
		s.lacks(t, old)
	}
}

func saveAllPast(t testing.TB, k *kit) {
	s := k.store(t)
	fresh, old, live := newID("fresh"), newID("old"), newID("live")
	s.save(t, old, []byte("old"), later())
	s.saveAll(t, map[string]session.SessionData{
		fresh: {Data: []byte("new"), ExpiresAt: time.Now().Add(-time.Millisecond)},
		old:   {Data: []byte("new"), ExpiresAt: time.Now().Add(-time.Hour)},
		live:  {Data: []byte("live"), ExpiresAt: later()},
	})
	s.lacks(t, fresh)
	s.lacks(t, old)
	s.holds(t, live, []byte("live"))
}

func zeroTime(t testing.TB, k *kit) {
	s := k.store(t)
	id, batched := newID("save"), newID("batch")
	s.save(t, id, []byte("old"), later())
	s.save(t, id, []byte("new"), time.Time{})
	s.lacks(t, id)
	s.save(t, batched, []byte("old"), later())
	s.saveAll(t, map[string]session.SessionData{batched: {Data: []byte("new")}})
	s.lacks(t, batched)
}

func saveExpired(t testing.TB, k *kit) {
	s := k.store(t)
	saved, batched := newID("save"), newID("batch")
	l := k.expiring(func(at time.Time) {
		s.save(t, saved, []byte("old"), at)
		s.save(t, batched, []byte("old"), at)
	})
	until(l.latest)
	s.save(t, saved, []byte("new"), later())
	s.saveAll(t, map[string]session.SessionData{batched: {Data: []byte("new"), ExpiresAt: later()}})
	s.holds(t, saved, []byte("new"))
	s.holds(t, batched, []byte("new"))
}

func deleteExpired(t testing.TB, k *kit) {
	s := k.store(t)
	id := newID("")
	l := k.expiring(func(at time.Time) { s.save(t, id, []byte("old"), at) })
	until(l.latest)
	s.delete(t, id)
	s.lacks(t, id)
}
