package storetest

import (
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

func zones(t testing.TB, k *kit) {
	s := k.store(t)
	for _, hours := range []int{-12, 14} {
		zone := time.FixedZone("", hours*3600)
		short, long := newID("short"), newID("long")
		s.save(t, long, []byte("long"), time.Now().Add(time.Minute).In(zone))
		l := k.expiring(func(at time.Time) { s.save(t, short, []byte("short"), at.In(zone)) })
		s.expires(t, short, l)
		s.holds(t, long, []byte("long"))
		s.touch(t, long, time.Now().Add(-time.Minute).In(zone))
		s.lacks(t, long)
	}
}

// skippedHours saves until half past two of every day on which a clock may be set forward or back: a server
// that takes such a text for local time finds that there is no such time, or that there are two.
func skippedHours(t testing.TB, k *kit) {
	s := k.store(t)
	year := time.Now().Year() + 1
	var nights []time.Time
	for _, month := range []time.Month{time.March, time.October} {
		for day := range 45 {
			nights = append(nights, time.Date(year, month, 1+day, 2, 30, 0, 123e6, time.UTC))
		}
	}
	ids, batch := spreadIDs(len(nights)), map[string]session.SessionData{}
	for i, id := range ids {
		batch[id] = session.SessionData{Data: []byte(id), ExpiresAt: nights[i]}
	}
	began := time.Now()
	s.saveAll(t, batch)
	for i, id := range ids[:10] {
		s.save(t, id, []byte(id), nights[i])
		s.touch(t, ids[10+i], nights[10+i])
	}
	for _, id := range ids {
		s.holds(t, id, []byte(id))
	}
	if !k.opts.Scan {
		return
	}
	took := time.Since(began) + k.opts.TouchPrecision
	l := s.scanned(t, 10_000)
	for i, id := range ids {
		k.describes(t, l.sessions[id], want{len(id), lapse{nights[i].Add(-k.slack()), nights[i].Add(took + k.slack())}}, began)
	}
}

func wallClock(t testing.TB, k *kit) {
	s := k.store(t)
	saved, touched := newID("saved"), newID("touched")
	s.save(t, touched, []byte("x"), later())
	s.expires(t, saved, k.expiring(func(at time.Time) { s.save(t, saved, []byte("x"), at.Round(0)) }))
	l := k.expiring(func(at time.Time) { s.touch(t, touched, at.UTC().Round(0)) })
	l.latest = l.latest.Add(k.opts.TouchPrecision)
	s.expires(t, touched, l)
}

func farAhead(t testing.TB, k *kit) {
	s := k.store(t)
	for _, year := range []int{2200, 2290, 2500, 9999} {
		far := time.Date(year, time.December, 31, 23, 59, 59, 0, time.UTC)
		saved, touched, batched := newID("saved"), newID("touched"), newID("batched")
		s.save(t, saved, []byte("x"), far)
		s.save(t, touched, []byte("x"), later())
		s.touch(t, touched, far)
		s.saveAll(t, map[string]session.SessionData{batched: {Data: []byte("x"), ExpiresAt: far}})
		for _, id := range []string{saved, touched, batched} {
			s.holds(t, id, []byte("x"))
		}
	}
}
