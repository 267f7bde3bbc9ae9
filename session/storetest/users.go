package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

// userChecks are for stores declared Users.
func userChecks() []check {
	return ifDeclared("Users", func(o Options) bool { return o.Users }, []check{
		{"a session set before its first Save is listed from the Save on", userBeforeSave},
		{"a session set after its Save is listed at once", userAfterSave},
		{"each session is listed once, with its size and expiry", userInfo},
		{"SetUser takes a session from the user it had", userChange},
		{"an empty user ID takes a session out", userRemoved},
		{"an invalid session ID is ErrInvalidSessionID and changes nothing", userInvalidID},
		{"user IDs are compared byte for byte, whatever they are", userBytes},
		{"nobody has no sessions, and so has the empty user ID", userUnknown},
		{"what has expired or was deleted is not listed", userEnded},
		{"an entry holds for as long as its session lives, however it is saved and touched", userOutlives},
		{"an entry holds until its own expiry when the session is deleted and saved again", userComesBack},
		{"2,000 sessions of one user are listed and revoked", userOfMany},
		{"no listing misses a session while others come and go", userNeverMissed},
		{"every client sees an entry at once", userSeenByAll},
		{"a context that has ended is an error and changes nothing", userCanceled},
		{"after Close every call is ErrStoreClosed", userClosed},
	})
}

func (s *subject) users(t testing.TB) session.UserIndex {
	t.Helper()
	return capability[session.UserIndex](t, s)
}

func (s *subject) setUser(t testing.TB, id, user string, expiresAt time.Time) {
	t.Helper()
	if err := s.users(t).SetUser(s.ctx, id, user, expiresAt); err != nil {
		t.Fatalf("SetUser: %v", err)
	}
}

// login is what a host does: it says whose a session is and saves it.
func (s *subject) login(t testing.TB, user string, ids ...string) {
	t.Helper()
	for _, id := range ids {
		s.setUser(t, id, user, later())
		s.save(t, id, []byte(id), later())
	}
}

// sessionsOf lists a user's sessions by ID and fails when one is listed twice.
func (s *subject) sessionsOf(t testing.TB, user string) map[string]session.SessionInfo {
	t.Helper()
	list, err := s.users(t).UserSessions(s.ctx, user)
	if err != nil {
		t.Fatalf("UserSessions: %v", err)
	}
	byID := map[string]session.SessionInfo{}
	for _, info := range list {
		byID[info.ID] = info
	}
	if len(byID) != len(list) {
		t.Fatalf("UserSessions lists %d sessions, some of them twice: %d are different", len(list), len(byID))
	}
	return byID
}

// has checks which live sessions a user has.
func (s *subject) has(t testing.TB, user string, ids ...string) {
	t.Helper()
	got := s.sessionsOf(t, user)
	for _, id := range ids {
		if _, listed := got[id]; !listed {
			t.Fatalf("UserSessions leaves out a live session; it lists %d, want %d", len(got), len(ids))
		}
	}
	if len(got) != len(ids) {
		t.Fatalf("UserSessions lists %d sessions; want %d", len(got), len(ids))
	}
}

// newUser returns a user ID that no other check uses.
func newUser() string { return "user-" + newID("@example.org") }

func userBeforeSave(t testing.TB, k *kit) {
	s := k.store(t)
	user, id := newUser(), newID("")
	s.setUser(t, id, user, later())
	s.has(t, user)
	s.lacks(t, id)
	s.save(t, id, []byte("x"), later())
	s.has(t, user, id)
}

func userAfterSave(t testing.TB, k *kit) {
	s := k.store(t)
	user, ids := newUser(), spreadIDs(3)
	s.saveAll(t, batchOf(ids, later()))
	s.has(t, user)
	for i, id := range ids {
		s.setUser(t, id, user, later())
		s.has(t, user, ids[:i+1]...)
		s.holds(t, id, []byte(id))
	}
}

func userInfo(t testing.TB, k *kit) {
	s := k.store(t)
	user, wants := newUser(), s.described(t)
	for range 2 { // once more changes nothing
		for id := range wants {
			s.setUser(t, id, user, later())
		}
	}
	began := time.Now()
	got := s.sessionsOf(t, user)
	if len(got) != len(wants) {
		t.Fatalf("UserSessions lists %d sessions; want %d", len(got), len(wants))
	}
	for id, w := range wants {
		k.describes(t, got[id], w, began)
	}
}

func userChange(t testing.TB, k *kit) {
	s := k.store(t)
	ann, bob, ids := newUser(), newUser(), spreadIDs(3)
	s.login(t, ann, ids...)
	s.setUser(t, ids[1], bob, later())
	s.has(t, ann, ids[0], ids[2])
	s.has(t, bob, ids[1])
	s.setUser(t, ids[1], ann, later())
	s.has(t, ann, ids...)
	s.has(t, bob)
	unsaved := newID("unsaved")
	s.setUser(t, unsaved, ann, later())
	s.setUser(t, unsaved, bob, later())
	s.save(t, unsaved, []byte("x"), later())
	s.has(t, ann, ids...)
	s.has(t, bob, unsaved)
}

func userRemoved(t testing.TB, k *kit) {
	s := k.store(t)
	user, ids := newUser(), spreadIDs(3)
	s.login(t, user, ids[:2]...)
	s.setUser(t, ids[0], "", later())
	s.setUser(t, ids[2], "", later()) // never had one
	s.save(t, ids[2], []byte("x"), later())
	s.has(t, user, ids[1])
	s.has(t, "")
	s.holds(t, ids[0], []byte(ids[0]))
	s.save(t, ids[0], []byte("again"), later())
	s.has(t, user, ids[1])
	s.setUser(t, ids[0], user, later())
	s.has(t, user, ids[:2]...)
}

func userInvalidID(t testing.TB, k *kit) {
	s := k.store(t)
	ann, bob, base := newUser(), newUser(), newID("k")
	s.login(t, ann, base)
	for _, id := range badIDs(base) {
		for _, user := range []string{bob, ""} {
			err := s.users(t).SetUser(s.ctx, id, user, later())
			fails(t, fmt.Sprintf("SetUser of %q", id), err, session.ErrInvalidSessionID, id, user)
		}
	}
	s.has(t, ann, base)
	s.has(t, bob)
}

func userBytes(t testing.TB, k *kit) {
	s := k.store(t)
	base := newUser()
	kilobyte := base + strings.Repeat("k", 1024-len(base))
	users := []string{
		base + "a", base + "A", base + "a ", " " + base + "a", base + "a\n", base + "a\x00", base + "a\x00b", base + "\x00a",
		base + "é", base + "e\u0301", base + "É", base + "ß", base + "ss", base + "\xff", base + "\xff\xfe", base + "\xc3", base + "🐚",
		base + "%", base + "_", base + "*", base + "?", base + "'", base + `"`, base + `\`, base + "{a}", base + ":", base,
		kilobyte, kilobyte + "k", kilobyte[:1023] + "K", strings.ToUpper(base),
	}
	ids := spreadIDs(len(users))
	for i, user := range users {
		s.login(t, user, ids[i])
	}
	for i, user := range users {
		got := s.sessionsOf(t, user)
		if _, listed := got[ids[i]]; !listed || len(got) != 1 {
			t.Fatalf("user %q of %d bytes has %d sessions, its own: %v; want its own only", user[:min(80, len(user))], len(user), len(got), listed)
		}
	}
	s.revokes(t, users[0], ids[0])
	s.has(t, users[1], ids[1])
}

func userUnknown(t testing.TB, k *kit) {
	s := k.store(t)
	s.save(t, newID(""), nil, later())
	for _, user := range []string{newUser(), ""} {
		s.has(t, user)
		s.revokes(t, user)
	}
}

func userSeenByAll(t testing.TB, k *kit) {
	clients := k.peers(t, 3)
	user, ids := newUser(), spreadIDs(len(clients))
	for i, writer := range clients {
		writer.login(t, user, ids[i])
		for _, reader := range clients {
			reader.has(t, user, ids[:i+1]...)
		}
	}
	clients[0].revokes(t, user, ids...)
	for _, reader := range clients {
		reader.has(t, user)
		reader.lacks(t, ids[2])
	}
}

func userCanceled(t testing.TB, k *kit) {
	s := k.store(t)
	user, other, ids := newUser(), newUser(), spreadIDs(2)
	s.login(t, user, ids...)
	past, cancel := context.WithDeadline(context.Background(), time.Now().Add(-time.Second))
	defer cancel()
	for want, ctx := range map[error]context.Context{context.Canceled: canceled(), context.DeadlineExceeded: past} {
		fails(t, "SetUser", s.users(t).SetUser(ctx, ids[0], other, later()), want, append(ids, user, other)...)
		fails(t, "SetUser", s.users(t).SetUser(ctx, ids[0], "", later()), want, append(ids, user)...)
		live, err := s.users(t).UserSessions(ctx, user)
		fails(t, "UserSessions", err, want, append(ids, user)...)
		revoked, err := s.users(t).RevokeUser(ctx, user)
		fails(t, "RevokeUser", err, want, append(ids, user)...)
		if len(live) > 0 || len(revoked) > 0 {
			t.Fatalf("%d sessions are listed and %d revoked in a context that had ended", len(live), len(revoked))
		}
	}
	s.has(t, user, ids...)
}

func userClosed(t testing.TB, k *kit) {
	s := k.store(t)
	users, closed := s.users(t), session.ErrStoreClosed{}
	user, id := newUser(), newID("")
	s.login(t, user, id)
	s.close(t)
	for _, user := range []string{user, ""} {
		for _, id := range []string{id, "bad ID", ""} {
			fails(t, "SetUser", users.SetUser(s.ctx, id, user, later()), closed, id, user)
		}
		live, err := users.UserSessions(s.ctx, user)
		fails(t, "UserSessions", err, closed, id, user)
		revoked, revokeErr := users.RevokeUser(s.ctx, user)
		fails(t, "RevokeUser", revokeErr, closed, id, user)
		if n := len(live) + len(revoked); n > 0 {
			t.Fatalf("after Close %d sessions are listed or revoked: %v", n, errors.Join(err, revokeErr))
		}
	}
}

// sameIDs says whether two lists hold the same IDs, each once, in any order.
func sameIDs(a, b []string) bool {
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(a, b)
}
