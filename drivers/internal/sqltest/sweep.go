package sqltest

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

// Expired puts rows into a table that expired long ago, with IDs "old-0" and so on; n is a power of ten.
func Expired(t testing.TB, db *sql.DB, quotedTable string, n int) {
	t.Helper()
	digits := "(SELECT 0 AS d" + strings.Repeat(" UNION ALL SELECT %d", 9) + ") AS d%d"
	number, from := "0", []string{}
	for unit, i := 1, 0; unit < n; unit, i = 10*unit, i+1 {
		number += fmt.Sprintf(" + %d * d%d.d", unit, i)
		from = append(from, fmt.Sprintf(digits, 1, 2, 3, 4, 5, 6, 7, 8, 9, i))
	}
	Exec(t, db, "INSERT INTO "+quotedTable+" (id, data, expires_at) SELECT CONCAT('old-', "+number+"), '"+strings.Repeat("data", 200)+"', '2001-01-01 00:00:00.000' FROM "+
		strings.Join(from, " CROSS JOIN "))
}

// Sweep checks that what has expired is cleared away while sessions are saved.
func Sweep(t *testing.T, e Engine) {
	t.Run("of very many rows amid saves", func(t *testing.T) {
		t.Parallel()
		sweepAmidSaves(t, e)
	})
	t.Run("leaves a session that was saved meanwhile", func(t *testing.T) {
		t.Parallel()
		sweepAmidRevival(t, e)
	})
	if e.SlowDelete != "" {
		t.Run("leaves an entry that was set meanwhile", func(t *testing.T) {
			t.Parallel()
			sweepAmidSetUser(t, e)
		})
		t.Run("keeps no save of another session waiting", func(t *testing.T) {
			t.Parallel()
			sweepSlowly(t, e)
		})
	}
}

func sweepAmidSaves(t *testing.T, e Engine) {
	open := e.Fresh(t)
	db := open()
	store := e.Created(t, db, "vango_sessions")
	Expired(t, db, "vango_sessions", 10_000)
	ctx, stop := context.WithCancel(t.Context())
	savers := make(chan error, 1)
	go func() {
		savers <- Together(4, func(i int) error {
			for n := 0; ctx.Err() == nil; n++ {
				id, batch := fmt.Sprintf("%d-%d", i, n), map[string]session.SessionData{}
				for j := range 50 {
					batch[fmt.Sprintf("%s-%d", id, j)] = session.SessionData{ExpiresAt: time.Now().Add(time.Duration(j) * time.Minute)}
				}
				if err := store.SaveAll(t.Context(), batch); err != nil {
					return err
				}
				if err := store.Save(t.Context(), id, nil, time.Now().Add(time.Hour)); err != nil {
					return err
				}
			}
			return nil
		})
	}()
	for range 2 { // as two nodes would
		e.Store(t, open(), session.WithSQLCleanupInterval(10*time.Millisecond))
	}
	Eventually(t, "the expired rows are swept", func() bool {
		return Query[int](t, db, "SELECT count(*) FROM vango_sessions WHERE id LIKE 'old-%'") == 0
	})
	stop()
	if err := <-savers; err != nil {
		t.Error(err)
	}
	WantLoad(t, store, "0-0", "")
}

// sweepAmidRevival saves expired sessions again, more slowly than they are swept; those that came back stay.
func sweepAmidRevival(t *testing.T, e Engine) {
	db := e.Fresh(t)()
	store := e.Created(t, db, "vango_sessions")
	Expired(t, db, "vango_sessions", 10_000)
	e.Store(t, db, session.WithSQLCleanupInterval(10*time.Millisecond))
	var ids []string
	for i := range 100 {
		ids = append(ids, fmt.Sprint("old-", 9999-97*i))
		Save(t, store, ids[i], "back")
	}
	Eventually(t, "the expired rows are swept", func() bool {
		return Query[int](t, db, "SELECT count(*) FROM vango_sessions") == len(ids)
	})
	for _, id := range ids {
		WantLoad(t, store, id, "back")
	}
}

// sweepSlowly has deletes that take so long that a save which has to wait for one shows.
func sweepSlowly(t *testing.T, e Engine) {
	db := e.Fresh(t)()
	store := e.Created(t, db, "vango_sessions")
	// Among few rows an engine reads, and locks, all of them rather than look for some.
	Expired(t, db, "vango_sessions", 10_000)
	Exec(t, db, "UPDATE vango_sessions SET id = CONCAT('live-', id), expires_at = '2101-01-01 00:00:00.000'")
	Expired(t, db, "vango_sessions", 100)
	Exec(t, db, e.SlowDelete)
	start, saves := time.Now(), 0
	revived := make(chan error, 1)
	e.Store(t, db, session.WithSQLCleanupInterval(time.Millisecond))
	for Query[int](t, db, "SELECT count(*) FROM vango_sessions WHERE expires_at < '2002-01-01 00:00:00.000'") > 0 {
		for _, id := range []string{"live-old-1", fmt.Sprint("new-", saves), fmt.Sprint("old_", saves)} {
			began := time.Now()
			if err := store.Save(t.Context(), id, nil, began.Add(time.Duration(1+saves)*time.Second)); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(began); took > time.Second {
				t.Fatalf("a save took %v while others were deleted", took)
			}
		}
		if saves++; saves == 3 { // the deletes have begun, and take their rows in this order
			go func() { revived <- store.Save(t.Context(), "old-98", []byte("back"), time.Now().Add(time.Hour)) }()
		}
	}
	if err := <-revived; err != nil {
		t.Error(err)
	}
	WantLoad(t, store, "old-98", "back")
	if took := time.Since(start); took < 2*time.Second || saves < 10 {
		t.Errorf("%d rounds of saves in the %v of the sweep, which is no test", saves, took)
	}
}

// sweepAmidSetUser has deletes so slow that an entry, seen to have ended, is set again before they reach it.
func sweepAmidSetUser(t *testing.T, e Engine) {
	db := e.Fresh(t)()
	store := e.Created(t, db, "vango_sessions")
	last := Saved(t, db, store, "alice", 100)[98]
	Exec(t, db, "DELETE FROM vango_sessions", "UPDATE vango_sessions_users SET expires_at = '2001-01-01 00:00:00.000'",
		strings.ReplaceAll(e.SlowDelete, "vango_sessions", "vango_sessions_users"))
	e.Store(t, db, session.WithSQLCleanupInterval(time.Millisecond))
	const ended = "SELECT count(*) FROM vango_sessions_users WHERE expires_at < '2002-01-01 00:00:00.000'"
	time.AfterFunc(500*time.Millisecond, func() {
		if err := store.SetUser(t.Context(), last, "alice", time.Now().Add(time.Hour)); err != nil {
			t.Error(err)
		}
	})
	Eventually(t, "the entries are swept", func() bool { return Query[int](t, db, ended) == 0 })
	if revoked, err := store.RevokeUser(t.Context(), "alice"); err != nil || len(revoked) != 1 {
		t.Errorf("%d entries are left, %v, want the one that was set", len(revoked), err)
	}
}
