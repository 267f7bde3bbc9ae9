package sqltest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

// Batch checks calls for many sessions at once.
func Batch(t *testing.T, e Engine) {
	checks := map[string]func(*testing.T, Engine){
		"eight clients and the same sessions": batchHammered,
		"answers larger than a step":          batchLarge,
		"expired rows that were not swept":    batchExpired,
	}
	if e.Dialect != session.DialectSQLite { // which locks no rows
		checks["rows are locked in the order of their IDs"] = batchOrder
		checks["a batch deletes its expired sessions by itself"] = batchApart
	}
	for name, check := range checks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, e)
		})
	}
}

// batchHammered has clients get in each other's way. Now and then an expiry is past, so that saves and touches delete.
func batchHammered(t *testing.T, e Engine) {
	open := e.Fresh(t)
	stores := []*session.SQLStore{e.Created(t, open(), "vango_sessions")}
	for len(stores) < 8 {
		stores = append(stores, e.Store(t, open()))
	}
	err := Together(len(stores), func(client int) error {
		for round := range 8 {
			if err := hammer(t.Context(), stores[client], client+round); err != nil {
				return fmt.Errorf("client %d, round %d: %w", client, round, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func hammer(ctx context.Context, store *session.SQLStore, turn int) error {
	const sessions = 250
	batch, expiries := map[string]session.SessionData{}, map[string]time.Time{}
	var some []string
	for i := range sessions {
		id := fmt.Sprintf("%x-%d", i*7919%251, i)
		at := time.Now().Add(time.Hour)
		if (i+turn)%10 == 0 {
			at = time.Time{}
		}
		batch[id], expiries[id] = session.SessionData{Data: []byte(id), ExpiresAt: at}, at
		if (i+turn)%3 > 0 {
			some = append(some, id)
		}
	}
	switch turn % 4 {
	case 0:
		return store.SaveAll(ctx, batch)
	case 1:
		return store.DeleteAll(ctx, some)
	case 2:
		found, err := store.LoadAll(ctx, slices.Collect(maps.Keys(batch)))
		for id, data := range found {
			if string(data) != id {
				err = errors.Join(err, fmt.Errorf("data of %d bytes is another session's", len(data)))
			}
		}
		return err
	}
	return store.TouchAll(ctx, expiries)
}

// batchOrder holds a row in the middle and looks which others a batch has got meanwhile: those before it alone. The
// rows were written the other way round, which is the order in which a table is read.
func batchOrder(t *testing.T, e Engine) {
	for call, do := range map[string]func(*session.SQLStore, []string) error{
		"TouchAll": func(s *session.SQLStore, ids []string) error {
			expiries := map[string]time.Time{}
			for _, id := range ids {
				expiries[id] = time.Now().Add(2 * time.Hour)
			}
			return s.TouchAll(t.Context(), expiries)
		},
		"DeleteAll": func(s *session.SQLStore, ids []string) error { return s.DeleteAll(t.Context(), ids) },
		"SaveAll": func(s *session.SQLStore, ids []string) error {
			batch := map[string]session.SessionData{}
			for _, id := range ids {
				batch[id] = session.SessionData{ExpiresAt: time.Now().Add(time.Hour)}
			}
			return s.SaveAll(t.Context(), batch)
		},
		"SaveAllAtomic": func(s *session.SQLStore, ids []string) error {
			batch := map[string]session.SessionData{}
			for i, id := range ids {
				batch[id] = session.SessionData{ExpiresAt: time.Now().Add(time.Duration(i%2*2-1) * time.Hour)} // every second one is past
			}
			batch[ids[45]] = session.SessionData{}
			return s.SaveAllAtomic(t.Context(), batch)
		},
	} {
		db := e.Fresh(t)()
		store := e.Created(t, db, "vango_sessions")
		var ids []string
		for i := range 90 {
			ids = append(ids, fmt.Sprintf("%02d", i))
		}
		for _, id := range slices.Backward(ids) {
			Save(t, store, id, id)
		}
		held := hold(t, db, ids[45])
		done := make(chan error, 1)
		go func() { done <- do(store, slices.Clone(ids)) }()
		Eventually(t, call+" waits for the row", func() bool { return locked(t, db, ids[0]) })
		if locked(t, db, ids[89]) {
			t.Errorf("%s locked the last row before it got one in the middle", call)
		}
		if err := errors.Join(held.Rollback(), <-done); err != nil {
			t.Errorf("%s: %v", call, err)
		}
		if n := Query[int](t, db, "SELECT count(*) FROM vango_sessions"); call == "SaveAllAtomic" && n != 44 {
			t.Errorf("%s: %d rows, want those of the live sessions", call, n)
		}
	}
}

// batchApart looks whether a batch that waits for the row of an expired session holds those that it has saved: with
// them, it would lock rows in two orders.
func batchApart(t *testing.T, e Engine) {
	db := e.Fresh(t)()
	store := e.Created(t, db, "vango_sessions")
	Save(t, store, "a", "old")
	Save(t, store, "b", "old")
	held := hold(t, db, "a")
	done := make(chan error, 1)
	go func() {
		live := session.SessionData{Data: []byte("new"), ExpiresAt: time.Now().Add(time.Hour)}
		done <- store.SaveAll(t.Context(), map[string]session.SessionData{"a": {}, "b": live})
	}()
	Eventually(t, "the other session is saved", func() bool {
		data, err := store.Load(t.Context(), "b")
		return err == nil && string(data) == "new"
	})
	if locked(t, db, "b") {
		t.Error("it does")
	}
	if err := errors.Join(held.Rollback(), <-done); err != nil {
		t.Error(err)
	}
	if n := Query[int](t, db, "SELECT count(*) FROM vango_sessions"); n != 1 {
		t.Errorf("%d rows, want one", n)
	}
}

// hold locks a row until the transaction that it returns ends.
func hold(t *testing.T, db *sql.DB, id string) *sql.Tx {
	t.Helper()
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := tx.QueryRowContext(t.Context(), "SELECT id FROM vango_sessions WHERE id = '"+id+"' FOR UPDATE").Scan(&id); err != nil {
		t.Fatal(err)
	}
	return tx
}

// locked reports whether another transaction holds a row.
func locked(t *testing.T, db *sql.DB, id string) bool {
	t.Helper()
	err := db.QueryRowContext(t.Context(), "SELECT id FROM vango_sessions WHERE id = '"+id+"' FOR UPDATE SKIP LOCKED").Scan(&id)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		t.Fatal(err)
	}
	return err != nil
}

// batchLarge is two steps by number, and more than one by size.
func batchLarge(t *testing.T, e Engine) {
	store := e.Created(t, e.Fresh(t)(), "vango_sessions")
	data := func(i int) string { return strings.Repeat(fmt.Sprint(i%10), 64<<10) }
	batch := map[string]session.SessionData{}
	ids := []string{"missing"}
	for i := range 300 {
		id := fmt.Sprint(i)
		ids = append(ids, id)
		batch[id] = session.SessionData{Data: []byte(data(i)), ExpiresAt: time.Now().Add(time.Hour)}
	}
	if err := store.SaveAll(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	found, err := store.LoadAll(t.Context(), ids)
	if err != nil || len(found) != 300 {
		t.Fatalf("LoadAll: %d sessions, %v", len(found), err)
	}
	for i := range 300 {
		if string(found[fmt.Sprint(i)]) != data(i) {
			t.Fatalf("session %d has other data", i)
		}
	}
}

// batchExpired makes sessions expire in the table, as time would.
func batchExpired(t *testing.T, e Engine) {
	db := e.Fresh(t)()
	store := e.Created(t, db, "vango_sessions")
	Save(t, store, "live", "live")
	Save(t, store, "over", "over")
	Exec(t, db, "UPDATE vango_sessions SET expires_at = '2001-01-01 00:00:00.000' WHERE id = 'over'")
	later := time.Now().Add(2 * time.Hour)
	if err := store.TouchAll(t.Context(), map[string]time.Time{"live": later, "over": later, "missing": later}); err != nil {
		t.Fatal(err)
	}
	found, err := store.LoadAll(t.Context(), []string{"live", "over", "missing"})
	if err != nil || len(found) != 1 || string(found["live"]) != "live" {
		t.Errorf("LoadAll: %q, %v", found, err)
	}
	page, _, err := store.Scan(t.Context(), "", 0)
	if err != nil || len(page) != 1 || page[0].ExpiresAt.Sub(later).Abs() > time.Minute {
		t.Errorf("Scan: %v, %v, want one session until %v", page, err, later)
	}
	if err := store.TouchAll(t.Context(), map[string]time.Time{"live": {}}); err != nil {
		t.Fatal(err)
	}
	if n := Query[int](t, db, "SELECT count(*) FROM vango_sessions"); n != 1 {
		t.Errorf("%d rows after a touch into the past, want the one that is not swept yet", n)
	}
}
