package sqltest

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

// Users checks the user index.
func Users(t *testing.T, e Engine) {
	for name, check := range map[string]func(*testing.T, Engine){
		"a user with thousands of sessions":                     manySessions,
		"revoking misses nothing that is live, amid writes":     revokeAmidWrites,
		"without its table the error names Migrate":             missingUsers,
		"sweeping keeps the entries of sessions that have rows": sweepUsers,
		"sweeping needs no table of users":                      sweepWithoutUsers,
		"an entry needs no session, and keeps for long":         extremeExpiries,
		"no user's ID is stored":                                sumsOnly,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, e)
		})
	}
}

func manySessions(t *testing.T, e Engine) {
	db := e.Fresh(t)()
	store := e.Created(t, db, "vango_sessions")
	ids := Saved(t, db, store, "alice", 2345)
	other := Saved(t, db, store, "bob", 1)[0]
	infos, err := store.UserSessions(t.Context(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, info := range infos {
		listed = append(listed, info.ID)
		if left := time.Until(info.ExpiresAt); info.Size != len(info.ID) || left < 55*time.Minute || left > time.Hour+time.Minute {
			t.Fatalf("info %v, which ends in %v", info, left)
		}
	}
	if slices.Sort(listed); !slices.Equal(listed, ids) {
		t.Errorf("%d sessions are listed, want %d", len(listed), len(ids))
	}
	revoked, err := store.RevokeUser(t.Context(), "alice")
	if slices.Sort(revoked); err != nil || !slices.Equal(revoked, ids) {
		t.Errorf("RevokeUser: %d sessions, %v, want %d", len(revoked), err, len(ids))
	}
	if infos, err = store.UserSessions(t.Context(), "alice"); err != nil || len(infos) > 0 {
		t.Errorf("%d sessions after RevokeUser, %v", len(infos), err)
	}
	WantLoad(t, store, other, other)
}

// revokeAmidWrites saves and touches the user's other sessions in batches, in an order of their own, and those of another
// user around them, while one client revokes.
func revokeAmidWrites(t *testing.T, e Engine) {
	open := e.Fresh(t)
	db := open()
	store := e.Created(t, db, "vango_sessions")
	ids := Saved(t, db, store, "alice", 1100)
	ctx, stop := context.WithCancel(t.Context())
	later := time.Now().Add(2 * time.Hour)
	again, touched := map[string]session.SessionData{}, map[string]time.Time{}
	for i, id := range ids {
		touched[id] = later
		if i%3 == 0 {
			again[id] = session.SessionData{Data: []byte("again"), ExpiresAt: later}
		}
	}
	writers := make(chan error, 1)
	go func() {
		writers <- Together(4, func(i int) error {
			client := e.Store(t, open(), session.WithSQLCleanupInterval(-1))
			for ctx.Err() == nil {
				err := client.TouchAll(t.Context(), touched)
				if i%2 == 0 {
					err = client.SaveAll(t.Context(), again)
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
	}()
	for range 3 {
		if revoked, err := store.RevokeUser(t.Context(), "alice"); err != nil || len(revoked) != len(ids) {
			t.Errorf("RevokeUser: %d sessions, %v", len(revoked), err)
		}
		found, err := store.LoadAll(t.Context(), ids)
		if err != nil {
			t.Fatal(err)
		}
		for id := range found {
			if _, written := again[id]; !written {
				t.Fatal("a session that nobody saves again outlived RevokeUser")
			}
		}
	}
	stop()
	if err := <-writers; err != nil {
		t.Errorf("writers: %v", err)
	}
}

func missingUsers(t *testing.T, e Engine) {
	db := e.Fresh(t)()
	store := e.Created(t, db, "vango_sessions")
	Exec(t, db, "DROP TABLE vango_sessions_users")
	_, listErr := store.UserSessions(t.Context(), "alice")
	_, revokeErr := store.RevokeUser(t.Context(), "alice")
	for call, err := range map[string]error{
		"SetUser": store.SetUser(t.Context(), "s1", "alice", time.Now().Add(time.Hour)), "unset": store.SetUser(t.Context(), "s1", "", time.Time{}),
		"UserSessions": listErr, "RevokeUser": revokeErr,
	} {
		if err == nil || !strings.Contains(err.Error(), "run Migrate") || !strings.HasPrefix(err.Error(), "session: ") {
			t.Errorf("%s: %v", call, err)
		}
	}
	Save(t, store, "s1", "one")
	WantLoad(t, store, "s1", "one")
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := store.SetUser(t.Context(), "s1", "alice", time.Now()); err != nil {
		t.Error(err)
	}
}

// longAgo makes every entry of the index one that has ended.
func longAgo(t *testing.T, db *sql.DB) {
	t.Helper()
	Exec(t, db, "UPDATE vango_sessions_users SET expires_at = '2001-01-01 00:00:00.000'")
}

func sweepUsers(t *testing.T, e Engine) {
	db := e.Fresh(t)()
	store := e.Created(t, db, "vango_sessions")
	ids := Saved(t, db, store, "alice", 1300)
	Saved(t, db, store, "gone", 700)
	Exec(t, db, "DELETE FROM vango_sessions WHERE id LIKE 'gone-%'")
	forever := "vango_sessions SET expires_at = '9999-12-31 23:59:59.999' WHERE id = '" + ids[0] + "'"
	Exec(t, db, "UPDATE "+forever)
	longAgo(t, db)
	if err := store.SetUser(t.Context(), "early", "alice", time.Now()); err != nil {
		t.Fatal(err)
	}
	e.Store(t, db, session.WithSQLCleanupInterval(10*time.Millisecond))
	Eventually(t, "all entries that ended are swept", func() bool {
		return Query[int](t, db, "SELECT count(*) FROM vango_sessions_users WHERE expires_at < '2002-01-01 00:00:00.000'") == 0
	})
	if n := Query[int](t, db, "SELECT count(*) FROM vango_sessions_users"); n != len(ids)+1 {
		t.Errorf("%d entries, want those of %d sessions and the one that has not ended", n, len(ids))
	}
	if infos, err := store.UserSessions(t.Context(), "alice"); err != nil || len(infos) != len(ids) {
		t.Errorf("%d sessions are listed, %v, want %d", len(infos), err, len(ids))
	}
	soon := time.Now().UTC().Add(24 * time.Hour).Format(time.DateTime)
	if n := Query[int](t, db, "SELECT count(*) FROM vango_sessions_users WHERE expires_at < '"+soon+"'"); n > 2 {
		t.Errorf("%d entries end less than a day after their sessions", n)
	}
}

func sweepWithoutUsers(t *testing.T, e Engine) {
	db := e.Fresh(t)()
	Save(t, e.Created(t, db, "vango_sessions"), "s1", "one")
	Exec(t, db, "DROP TABLE vango_sessions_users", "UPDATE vango_sessions SET expires_at = '2001-01-01 00:00:00.000'")
	e.Store(t, db, session.WithSQLCleanupInterval(10*time.Millisecond))
	Eventually(t, "the row is swept", func() bool { return Query[int](t, db, "SELECT count(*) FROM vango_sessions") == 0 })
}

func extremeExpiries(t *testing.T, e Engine) {
	store := e.Created(t, e.Fresh(t)(), "vango_sessions")
	for i, at := range []time.Time{{}, time.Unix(0, 0), time.Now(), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC)} {
		id := fmt.Sprint("s", i)
		if err := store.SetUser(t.Context(), id, "alice", at); err != nil {
			t.Errorf("SetUser until %v: %v", at, err)
		}
		Save(t, store, id, "one")
	}
	if infos, err := store.UserSessions(t.Context(), "alice"); err != nil || len(infos) != 5 {
		t.Errorf("%d sessions are listed, %v, want 5", len(infos), err)
	}
}

func sumsOnly(t *testing.T, e Engine) {
	db := e.Fresh(t)()
	store := e.Created(t, db, "vango_sessions")
	for _, user := range []string{"alice@example.com", "Alice@example.com", "a\x00b", "\xff", strings.Repeat("long", 10_000)} {
		if err := store.SetUser(t.Context(), "s1", user, time.Now().Add(time.Hour)); err != nil {
			t.Errorf("SetUser of a user with %d bytes: %v", len(user), err)
		}
		if sum := Query[string](t, db, "SELECT user_sum FROM vango_sessions_users"); len(sum) != 64 || strings.Trim(sum, "0123456789abcdef") != "" {
			t.Errorf("the index holds %.100q", sum)
		}
	}
	if revoked, err := store.RevokeUser(t.Context(), "alice@example.com"); err != nil || len(revoked) > 0 {
		t.Errorf("a user whose session was given to another: %d, %v", len(revoked), err)
	}
}
