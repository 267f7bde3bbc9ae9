package storetest

import (
	"testing"
	"time"
)

func userEnded(t testing.TB, k *kit) {
	s := k.store(t)
	user, ids := newUser(), spreadIDs(4)
	s.login(t, user, ids...)
	s.delete(t, ids[0])
	s.touch(t, ids[1], time.Time{})
	s.has(t, user, ids[2:]...)
	l := k.expiring(func(at time.Time) { s.save(t, ids[2], nil, at) })
	until(l.latest)
	s.has(t, user, ids[3])
}

// userOutlives lets an entry's own expiry pass while its session goes on, in all the ways it can be written.
func userOutlives(t testing.TB, k *kit) {
	s := k.store(t)
	user, ids := newUser(), newIDs(6)
	l := k.expiring(func(at time.Time) {
		for _, id := range ids[1:] {
			s.setUser(t, id, user, at)
		}
	})
	s.saveAll(t, batchOf(ids, later()))
	if time.Now().After(l.earliest) {
		return // the machine was so slow that entries may have ended before
	}
	s.setUser(t, ids[0], user, time.Now().Add(-time.Hour)) // of a session that lives
	for range 2 {
		s.has(t, user, ids...)
		s.save(t, ids[1], []byte("newer"), later().Add(time.Minute))
		s.touch(t, ids[2], later().Add(time.Minute))
		s.saveAll(t, batchOf(ids[3:4], later()))
		if k.opts.Atomic {
			s.saveAtomic(t, batchOf(ids[4:5], later()))
		}
		if k.opts.Batch {
			s.touchAll(t, allAt(ids[5:], later().Add(time.Minute)))
		}
		until(l.latest.Add(k.slack()))
	}
	s.has(t, user, ids...)
	s.revokes(t, user, ids...)
}

func userComesBack(t testing.TB, k *kit) {
	s := k.store(t)
	user, id := newUser(), newID("")
	s.login(t, user, id)
	s.delete(t, id)
	s.has(t, user)
	s.save(t, id, []byte("again"), later())
	s.has(t, user, id)
	l := k.expiring(func(at time.Time) { s.touch(t, id, at) })
	until(l.latest.Add(k.opts.TouchPrecision))
	s.has(t, user)
	s.saveAll(t, batchOf([]string{id}, later()))
	s.has(t, user, id)
}

func userOfMany(t testing.TB, k *kit) {
	s := k.store(t)
	user, ids := newUser(), spreadIDs(2000)
	users := s.users(t)
	const workers = 40
	err := together(workers, func(i int) error {
		for ; i < len(ids); i += workers {
			if err := users.SetUser(s.ctx, ids[i], user, later()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatalf("SetUser: %v", err)
	}
	s.saveAll(t, batchOf(ids, later()))
	s.has(t, user, ids...)
	s.revokes(t, user, ids...)
	s.has(t, user)
	for _, id := range []string{ids[0], ids[999], ids[1999]} {
		s.lacks(t, id)
	}
}
