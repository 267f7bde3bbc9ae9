package storetest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

// revokeChecks are for stores declared Users, too.
func revokeChecks() []check {
	return ifDeclared("Users", func(o Options) bool { return o.Users }, []check{
		{"RevokeUser deletes every session of the user and no other", revokeAll},
		{"RevokeUser names sessions that are not saved yet", revokeUnsaved},
		{"a repeat finds what was saved again", revokeRepeat},
		{"RevokeUser leaves alone what the user has no longer", revokeFormer},
		{"whoever logged in before RevokeUser began is logged out, whatever else goes on", revokeAtOnce},
	})
}

// revokes checks that RevokeUser names exactly these sessions.
func (s *subject) revokes(t testing.TB, user string, ids ...string) {
	t.Helper()
	got, err := s.users(t).RevokeUser(s.ctx, user)
	if err != nil {
		t.Fatalf("RevokeUser: %v", err)
	}
	if !sameIDs(got, ids) {
		t.Fatalf("RevokeUser names %d sessions; want %d, each once", len(got), len(ids))
	}
}

func revokeAll(t testing.TB, k *kit) {
	s := k.store(t)
	ann, bob, ids := newUser(), newUser(), spreadIDs(7)
	s.login(t, ann, ids[:4]...)
	s.login(t, bob, ids[4:6]...)
	s.save(t, ids[6], []byte("nobody's"), later())
	s.revokes(t, ann, ids[:4]...)
	for _, id := range ids[:4] {
		s.lacks(t, id)
	}
	s.has(t, ann)
	s.has(t, bob, ids[4:6]...)
	s.holds(t, ids[4], []byte(ids[4]))
	s.holds(t, ids[6], []byte("nobody's"))
}

func revokeUnsaved(t testing.TB, k *kit) {
	s := k.store(t)
	user, ids := newUser(), spreadIDs(3)
	s.login(t, user, ids[0])
	s.setUser(t, ids[1], user, later())
	s.login(t, user, ids[2])
	s.delete(t, ids[2])
	s.revokes(t, user, ids...)
}

func revokeRepeat(t testing.TB, k *kit) {
	s := k.store(t)
	user, ids := newUser(), spreadIDs(3)
	s.login(t, user, ids[:2]...)
	s.setUser(t, ids[2], user, later())
	s.revokes(t, user, ids...)
	s.save(t, ids[0], []byte("a node did not know"), later())
	s.saveAll(t, batchOf(ids[2:], later()))
	s.has(t, user, ids[0], ids[2])
	s.revokes(t, user, ids...)
	s.has(t, user)
	for _, id := range ids {
		s.lacks(t, id)
	}
}

func revokeFormer(t testing.TB, k *kit) {
	s := k.store(t)
	ann, bob, ids := newUser(), newUser(), spreadIDs(3)
	s.login(t, ann, ids...)
	s.setUser(t, ids[0], bob, later())
	s.setUser(t, ids[1], "", later())
	s.revokes(t, ann, ids[2])
	s.holds(t, ids[0], []byte(ids[0]))
	s.holds(t, ids[1], []byte(ids[1]))
	s.has(t, bob, ids[0])
}

// A roster is what logins have acknowledged so far.
type roster struct {
	mu  sync.Mutex
	ids []string
}

func (r *roster) add(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ids = append(r.ids, id)
}

func (r *roster) snapshot() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.ids)
}

// loginsAtOnce lets clients log a user in again and again, some of them through the store's batches, and change the
// users of other sessions, while watch runs.
func (k *kit) loginsAtOnce(t testing.TB, user string, watch func(s *subject, logged *roster) error) {
	t.Helper()
	clients := k.peers(t, 4)
	other := newUser()
	var logged roster
	var done atomic.Bool
	var indexes []session.UserIndex
	for _, c := range clients {
		indexes = append(indexes, c.users(t))
	}
	err := together(len(clients), func(i int) error {
		s := clients[i]
		if i == 0 {
			defer done.Store(true)
			return watch(s, &logged)
		}
		for n := 0; n < 40 && !done.Load(); n++ {
			ids := spreadIDs(3)
			err := errors.Join(
				indexes[i].SetUser(s.ctx, ids[0], user, later()),
				indexes[i].SetUser(s.ctx, ids[1], other, later()),
				indexes[i].SetUser(s.ctx, ids[1], user, later()),
				indexes[i].SetUser(s.ctx, ids[2], user, later()),
				s.Save(s.ctx, ids[0], []byte("x"), later()),
				s.SaveAll(s.ctx, batchOf(ids[1:], later())),
				indexes[i].SetUser(s.ctx, ids[2], other, later()))
			if err != nil {
				return err
			}
			logged.add(ids[0])
			logged.add(ids[1])
			pause(100 * time.Microsecond) // virtual time stands still while a goroutine is busy
		}
		return nil
	})
	if err != nil {
		t.Fatalf("%v", err)
	}
}

func userNeverMissed(t testing.TB, k *kit) {
	user := newUser()
	k.loginsAtOnce(t, user, func(s *subject, logged *roster) error {
		users, _ := session.As[session.UserIndex](s.SessionStore)
		for range 10 {
			want := logged.snapshot()
			list, err := users.UserSessions(s.ctx, user)
			if err != nil {
				return err
			}
			listed := map[string]bool{}
			for _, info := range list {
				listed[info.ID] = true
			}
			for _, id := range want {
				if !listed[id] {
					return fmt.Errorf("UserSessions lists %d sessions and leaves out one of %d that had logged in before", len(list), len(want))
				}
			}
			pause(time.Millisecond)
		}
		return nil
	})
}

func revokeAtOnce(t testing.TB, k *kit) {
	user := newUser()
	k.loginsAtOnce(t, user, func(s *subject, logged *roster) error {
		users, _ := session.As[session.UserIndex](s.SessionStore)
		for range 5 {
			pause(2 * time.Millisecond)
			before := logged.snapshot()
			named, err := users.RevokeUser(s.ctx, user)
			if err != nil {
				return err
			}
			slices.Sort(named)
			for _, id := range before {
				data, err := s.Load(s.ctx, id)
				if err != nil {
					return err
				}
				if data != nil || !contains(named, id) {
					return fmt.Errorf("a session that had logged in before RevokeUser began is still there: %v, is named: %v",
						data != nil, contains(named, id))
				}
			}
		}
		return nil
	})
}
