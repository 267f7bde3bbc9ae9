package session

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func sqlStore(t testing.TB, db *sql.DB, opts ...SQLStoreOption) *SQLStore {
	t.Helper()
	store := NewSQLStore(db, opts...)
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

// everyCall makes one call of each method and returns their errors.
func everyCall(ctx context.Context, s *SQLStore, id string) map[string]error {
	later := time.Now().Add(time.Hour)
	batch := map[string]SessionData{id: {ExpiresAt: later}}
	_, loadAllErr := s.LoadAll(ctx, []string{id})
	_, _, scanErr := s.Scan(ctx, "", 0)
	_, usersErr := s.UserSessions(ctx, "alice")
	_, revokeErr := s.RevokeUser(ctx, "alice")
	data, loadErr := s.Load(ctx, id)
	if data != nil && loadErr != nil {
		loadErr = errors.New("Load: data and an error")
	}
	return map[string]error{
		"Load": loadErr, "Save": s.Save(ctx, id, nil, later), "Touch": s.Touch(ctx, id, later), "Delete": s.Delete(ctx, id),
		"SaveAll": s.SaveAll(ctx, batch), "SaveAllAtomic": s.SaveAllAtomic(ctx, batch), "CreateTable": s.CreateTable(ctx),
		"LoadAll": loadAllErr, "TouchAll": s.TouchAll(ctx, map[string]time.Time{id: later}), "DeleteAll": s.DeleteAll(ctx, []string{id}),
		"Scan": scanErr, "Ping": s.Ping(ctx), "UserSessions": usersErr, "RevokeUser": revokeErr,
		"SetUser": s.SetUser(ctx, id, "alice", later), "Migrate": s.Migrate(ctx),
	}
}

func TestSQLStoreKeepsWrongOptions(t *testing.T) {
	db := (&fakeSQL{}).open(t)
	for want, store := range map[string]*SQLStore{
		"nil database":    sqlStore(t, nil, WithSQLOwnedDB()),
		"unknown dialect": sqlStore(t, db, WithSQLDialect(7)),
		"empty part":      sqlStore(t, db, WithSQLTableName("")),
		"two parts":       sqlStore(t, db, WithSQLTableName("a.b.c"), nil),
		"limit of 63":     sqlStore(t, db, WithSQLTableName(strings.Repeat("x", 64))),
	} {
		for call, err := range everyCall(t.Context(), store, "s1") {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q", call, err, want)
			}
		}
		if err := store.Close(); err != nil {
			t.Error(err)
		}
		for call, err := range everyCall(t.Context(), store, "s1") {
			if err != (ErrStoreClosed{}) {
				t.Errorf("%s after Close: %v", call, err)
			}
		}
	}
}

func TestZeroSQLStoreIsClosed(t *testing.T) {
	for _, store := range []*SQLStore{nil, {}} {
		for call, err := range everyCall(t.Context(), store, "s1") {
			if err != (ErrStoreClosed{}) {
				t.Errorf("%s: %v", call, err)
			}
		}
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestSQLStoreAsksNothingForInvalidIDs(t *testing.T) {
	for _, dialect := range sqlDialects {
		fake := &fakeSQL{}
		store := sqlStore(t, fake.open(t), WithSQLDialect(dialect))
		for _, id := range []string{"", "a b", "é", strings.Repeat("x", 65), "a\x00"} {
			errs := map[string]error{
				"Save": store.Save(t.Context(), id, nil, time.Now().Add(time.Hour)), "Touch": store.Touch(t.Context(), id, time.Time{}),
				"Delete": store.Delete(t.Context(), id), "SaveAll": store.SaveAll(t.Context(), map[string]SessionData{id: {}}),
			}
			for call, err := range errs {
				if saves := strings.HasPrefix(call, "Save"); saves != errors.Is(err, ErrInvalidSessionID) || !saves && err != nil {
					t.Errorf("%s %q: %v", call, id, err)
				}
			}
		}
		if said := fake.said(); len(said) > 0 {
			t.Errorf("statements %q", said)
		}
	}
}

func TestSQLStoreBringsADeadline(t *testing.T) {
	for name, dialect := range sqlDialects {
		synctest.Test(t, func(t *testing.T) {
			fake := &fakeSQL{answer: func(ctx context.Context, _ string) error {
				<-ctx.Done()
				return ctx.Err()
			}}
			store := sqlStore(t, fake.open(t), WithSQLDialect(dialect), WithSQLCleanupInterval(-1))
			start := time.Now()
			if _, err := store.Load(context.Background(), "s1"); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: Load: %v", name, err)
			}
			if err := store.Save(context.Background(), "s1", nil, time.Now().Add(time.Hour)); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: Save: %v", name, err)
			}
			if took := time.Since(start); took != 2*sqlCallTimeout {
				t.Errorf("%s: two calls took %v", name, took)
			}
		})
	}
}

func TestSQLStoreSweepsAtIntervals(t *testing.T) {
	for _, c := range []struct {
		interval time.Duration
		want     int
	}{{0, 2}, {time.Minute, 11}, {-1, 0}} {
		synctest.Test(t, func(t *testing.T) {
			fake := &fakeSQL{}
			store := sqlStore(t, fake.open(t), WithSQLCleanupInterval(c.interval))
			time.Sleep(11*time.Minute + time.Second)
			if got := len(fake.said()) / 2; got != c.want { // each looks for sessions and for a table of users
				t.Errorf("interval %v: %d sweeps in 11 minutes, want %d", c.interval, got, c.want)
			}
			if err := store.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestServerConflictsAreRetried(t *testing.T) {
	for _, c := range []struct {
		failure  error
		failures int
		want     []string
		ok       bool
	}{
		{sqlStateErr("40P01"), 2, []string{"INSERT", "INSERT", "INSERT"}, true},
		{&mysqlErr{1213}, 1, []string{"INSERT", "INSERT"}, true},
		{sqlStateErr("40001"), 99, slices.Repeat([]string{"INSERT"}, serverAttempts), false},
		{sqlStateErr("57P01"), 1, []string{"INSERT"}, false},
		{errors.New("connection reset"), 1, []string{"INSERT"}, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			left := c.failures
			fake := &fakeSQL{answer: func(context.Context, string) error {
				if left--; left >= 0 {
					return c.failure
				}
				return nil
			}}
			store := sqlStore(t, fake.open(t), WithSQLCleanupInterval(-1))
			err := store.Save(t.Context(), "s1", nil, time.Now().Add(time.Hour))
			if (err == nil) != c.ok || !c.ok && !errors.Is(err, c.failure) {
				t.Errorf("Save: %v", err)
			}
			if got := fake.said(); !slices.Equal(got, c.want) {
				t.Errorf("statements %q, want %q", got, c.want)
			}
		})
	}
}

// A conflict in the middle of an atomic batch starts it from the beginning.
func TestServerTransactionIsRetriedWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		once := true
		fake := &fakeSQL{answer: func(_ context.Context, text string) error {
			if once && strings.HasPrefix(text, "DELETE") {
				once = false
				return sqlStateErr("40P01")
			}
			return nil
		}}
		store := sqlStore(t, fake.open(t), WithSQLCleanupInterval(-1))
		batch := map[string]SessionData{"live": {ExpiresAt: time.Now().Add(time.Hour)}, "gone": {}}
		if err := store.SaveAllAtomic(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
		want := []string{"begin", "INSERT", "DELETE", "rollback", "begin", "INSERT", "DELETE", "commit"}
		if got := fake.said(); !slices.Equal(got, want) {
			t.Errorf("statements %q, want %q", got, want)
		}
	})
}

// Where SERIALIZABLE is the server's default, a read may be what has to give way.
func TestServerReadsAreRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		left := 2
		fake := &fakeSQL{value: []byte("one"), answer: func(context.Context, string) error {
			if left--; left >= 0 {
				return sqlStateErr("40001")
			}
			return nil
		}}
		store := sqlStore(t, fake.open(t), WithSQLCleanupInterval(-1))
		if data, err := store.Load(t.Context(), "s1"); err != nil || string(data) != "one" {
			t.Errorf("Load: %q, %v", data, err)
		}
	})
}

// manySessions is a batch of n live sessions.
func manySessions(n int) map[string]SessionData {
	batch := map[string]SessionData{}
	for i := range n {
		batch[fmt.Sprintf("%04d", i)] = SessionData{ExpiresAt: time.Now().Add(time.Hour)}
	}
	return batch
}

func TestSQLSaveAllStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	fake := &fakeSQL{answer: func(context.Context, string) error {
		cancel() // and the statement succeeds
		return nil
	}}
	store := sqlStore(t, fake.open(t), WithSQLDialect(DialectMySQL))
	var notSaved *NotSavedError
	err := store.SaveAll(ctx, manySessions(550))
	saved := 100 * len(fake.said())
	if !errors.Is(err, context.Canceled) || !errors.As(err, &notSaved) || len(notSaved.SessionIDs) != 550-saved || saved > 100*serverSteps {
		t.Errorf("SaveAll: %v after %d sessions", err, saved)
	}
}

// An outage is told once, not once for every step.
func TestSQLSaveAllOfAnOutage(t *testing.T) {
	down := &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	fake := &fakeSQL{answer: func(context.Context, string) error { return down }}
	store := sqlStore(t, fake.open(t), WithSQLDialect(DialectMySQL))
	var notSaved *NotSavedError
	err := store.SaveAll(t.Context(), manySessions(250))
	if !errors.As(err, &notSaved) || len(notSaved.SessionIDs) != 250 || strings.Count(err.Error(), down.Error()) != 1 {
		t.Errorf("SaveAll: %v", err)
	}
	if got := len(fake.said()); got != 3 {
		t.Errorf("%d statements, want 3 steps", got)
	}
}

func TestSweepGoesOnUntilLittleIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		left := []int{sweepRows, sweepRows, 3}
		fake := &fakeSQL{rows: func(args []driver.NamedValue) (ids [][]driver.Value) {
			if len(args) > 0 { // it looks for the table of users
				return nil
			}
			ids = slices.Repeat([][]driver.Value{{"s1"}}, left[0])
			left = left[1:]
			return ids
		}}
		sqlStore(t, fake.open(t), WithSQLCleanupInterval(time.Minute))
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(left) > 0 {
			t.Errorf("%d batches were not swept", len(left))
		}
	})
}

// Rows that others hold are left for another time, not tried again and again.
func TestSweepEndsWhenItDeletesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answers := [][][]driver.Value{ // expired sessions, whether there is a table of users, entries that have ended
			slices.Repeat([][]driver.Value{{"s1"}}, sweepRows), {{int64(1)}}, slices.Repeat([][]driver.Value{{"s1", true}}, sweepRows),
		}
		asked := 0
		fake := &fakeSQL{changed: func() int64 { return 0 }, rows: func([]driver.NamedValue) [][]driver.Value {
			asked++
			return answers[(asked-1)%3]
		}}
		sqlStore(t, fake.open(t), WithSQLCleanupInterval(time.Minute))
		time.Sleep(time.Minute + time.Second)
		synctest.Wait()
		if asked != 3 {
			t.Errorf("%d queries, want 3", asked)
		}
	})
}

func TestBatchThatCloseOvertook(t *testing.T) {
	cause := errors.New("cause")
	err := batchFailed(false, []string{"b", "a"}, cause)
	var notSaved *NotSavedError
	if !errors.Is(err, ErrStoreClosed{}) || !errors.Is(err, cause) || !errors.As(err, &notSaved) || notSaved.SessionIDs[0] != "a" {
		t.Errorf("error %v", err)
	}
	if err := batchFailed(false, nil, cause); err != nil {
		t.Errorf("nothing failed: %v", err)
	}
}
