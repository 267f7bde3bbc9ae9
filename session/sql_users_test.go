package session

import (
	"context"
	"database/sql/driver"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestUserIndexAsksNothingWithoutNeed(t *testing.T) {
	for _, dialect := range sqlDialects {
		fake := &fakeSQL{}
		store := sqlStore(t, fake.open(t), WithSQLDialect(dialect))
		for _, id := range []string{"", "a b", "é", strings.Repeat("x", 65)} {
			for _, user := range []string{"alice", ""} {
				if err := store.SetUser(t.Context(), id, user, time.Now()); !errors.Is(err, ErrInvalidSessionID) {
					t.Errorf("SetUser %q: %v", id, err)
				}
			}
		}
		infos, err := store.UserSessions(t.Context(), "")
		ids, err2 := store.RevokeUser(t.Context(), "")
		if len(infos)+len(ids) > 0 || errors.Join(err, err2) != nil {
			t.Errorf("nobody has sessions %v and %v: %v, %v", infos, ids, err, err2)
		}
		if said := fake.said(); len(said) > 0 {
			t.Errorf("statements %q", said)
		}
	}
}

// revoking answers for a user with two pages of sessions.
func revoking() *fakeSQL {
	return &fakeSQL{rows: func(args []driver.NamedValue) (ids [][]driver.Value) {
		if args[1].Value == "" {
			return slices.Repeat([][]driver.Value{{"s1"}}, 1000)
		}
		return [][]driver.Value{{"s2"}}
	}}
}

// What was deleted before an outage is named.
func TestRevokeUserNamesWhatItDeleted(t *testing.T) {
	fake, deletes := revoking(), 0
	fake.answer = func(_ context.Context, text string) error {
		if strings.HasPrefix(text, "DELETE") {
			deletes++
		}
		if deletes > 1 {
			return errors.New("connection refused")
		}
		return nil
	}
	ids, err := sqlStore(t, fake.open(t)).RevokeUser(t.Context(), "alice")
	if err == nil || len(ids) != 1000 {
		t.Errorf("RevokeUser: %d sessions, %v", len(ids), err)
	}
}

// An entry is prolonged before its session goes: afterwards nothing says how long.
func TestRevokeUserProlongsFirst(t *testing.T) {
	fake := revoking()
	if _, err := sqlStore(t, fake.open(t)).RevokeUser(t.Context(), "alice"); err != nil {
		t.Fatal(err)
	}
	if got, want := fake.said(), []string{"SELECT", "UPDATE", "DELETE", "SELECT", "UPDATE", "DELETE"}; !slices.Equal(got, want) {
		t.Errorf("statements %q, want %q", got, want)
	}
}
