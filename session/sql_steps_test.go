package session

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// batchCalls are the calls of a BatchStore, each for n sessions.
var batchCalls = map[string]func(ctx context.Context, s *SQLStore, n int) error{
	"LoadAll": func(ctx context.Context, s *SQLStore, n int) error {
		_, err := s.LoadAll(ctx, slices.Collect(maps.Keys(manySessions(n))))
		return err
	},
	"TouchAll": func(ctx context.Context, s *SQLStore, n int) error {
		expiries := map[string]time.Time{}
		for id, data := range manySessions(n) {
			expiries[id] = data.ExpiresAt
		}
		return s.TouchAll(ctx, expiries)
	},
	"DeleteAll": func(ctx context.Context, s *SQLStore, n int) error {
		return s.DeleteAll(ctx, slices.Collect(maps.Keys(manySessions(n))))
	},
}

// wantUndone checks that a batch failed with a cause for the sessions of manySessions from first to last.
func wantUndone(t *testing.T, err, cause error, first, last int) {
	t.Helper()
	var undone *BatchError
	if !errors.Is(err, cause) || !errors.As(err, &undone) {
		t.Fatalf("error %v, want a BatchError with %v", err, cause)
	}
	var want []string
	for i := first; i <= last; i++ {
		want = append(want, fmt.Sprintf("%04d", i))
	}
	if !slices.Equal(undone.SessionIDs, want) {
		t.Errorf("%d sessions named, want %04d to %04d", len(undone.SessionIDs), first, last)
	}
	for _, id := range undone.SessionIDs {
		if strings.Contains(err.Error(), id) {
			t.Fatalf("the text of the error holds an ID: %v", err)
		}
	}
}

func TestSQLBatchesAreSplit(t *testing.T) {
	for name, want := range map[string]map[string]int{
		"postgres": {"LoadAll": 5, "TouchAll": 2, "DeleteAll": 2},
		"mysql":    {"LoadAll": 5, "TouchAll": 12, "DeleteAll": 12},
	} {
		for call, do := range batchCalls {
			fake := &fakeSQL{}
			store := sqlStore(t, fake.open(t), WithSQLDialect(sqlDialects[name]))
			if err := do(t.Context(), store, 1120); err != nil {
				t.Fatalf("%s %s: %v", name, call, err)
			}
			if got := len(fake.said()); got != want[call] {
				t.Errorf("%s %s: %d statements for 1,120 sessions, want %d", name, call, got, want[call])
			}
		}
	}
}

func TestSQLEmptyBatchesAskNothing(t *testing.T) {
	fake := &fakeSQL{}
	store := sqlStore(t, fake.open(t))
	invalid := []string{"", "a b", strings.Repeat("x", 65)}
	found, err := store.LoadAll(t.Context(), invalid)
	err = errors.Join(err, store.TouchAll(t.Context(), map[string]time.Time{"a\x00": {}}), store.DeleteAll(t.Context(), invalid),
		store.TouchAll(t.Context(), nil), store.DeleteAll(t.Context(), nil))
	if said := fake.said(); err != nil || len(found) > 0 || len(said) > 0 {
		t.Errorf("found %v, error %v, statements %q", found, err, said)
	}
}

// An outage is told once, not once for every step.
func TestSQLBatchesInAnOutage(t *testing.T) {
	for call, do := range batchCalls {
		down := &net.OpError{Op: "dial", Err: errors.New("connection refused")}
		fake := &fakeSQL{answer: func(context.Context, string) error { return down }}
		err := do(t.Context(), sqlStore(t, fake.open(t), WithSQLDialect(DialectMySQL)), 300)
		if wantUndone(t, err, down, 0, 299); strings.Count(err.Error(), down.Error()) != 1 {
			t.Errorf("%s: %v", call, err)
		}
	}
}

func TestSQLBatchesStopWithTheirContext(t *testing.T) {
	for _, call := range []string{"TouchAll", "DeleteAll"} {
		ctx, cancel := context.WithCancel(t.Context())
		fake := &fakeSQL{answer: func(context.Context, string) error {
			cancel() // and the statement succeeds
			return nil
		}}
		store := sqlStore(t, fake.open(t), WithSQLDialect(DialectMySQL))
		err := batchCalls[call](ctx, store, 600)
		var undone *BatchError
		done := 100 * len(fake.said())
		if !errors.Is(err, context.Canceled) || !errors.As(err, &undone) || len(undone.SessionIDs) != 600-done || done > 100*serverSteps {
			t.Errorf("%s: %v after %d sessions", call, err, done)
		}
		wantUndone(t, batchCalls[call](ctx, store, 10), context.Canceled, 0, 9)
	}
}

func TestSQLBatchesThatCloseOvertook(t *testing.T) {
	for call, do := range batchCalls {
		synctest.Test(t, func(t *testing.T) {
			gate := make(chan struct{})
			fake := &fakeSQL{answer: func(context.Context, string) error { <-gate; return nil }}
			store := sqlStore(t, fake.open(t), WithSQLDialect(DialectMySQL))
			done := make(chan error, 1)
			go func() { done <- do(t.Context(), store, 1000) }()
			synctest.Wait()
			if err := store.Close(); err != nil {
				t.Error(err)
			}
			close(gate)
			var undone *BatchError
			if err := <-done; !errors.Is(err, ErrStoreClosed{}) || !errors.As(err, &undone) || len(undone.SessionIDs) < 100 {
				t.Errorf("%s: %v", call, err)
			}
		})
	}
}

// Rows that were read before a failure are there, and are not among the failed.
func TestSQLLoadAllKeepsWhatItRead(t *testing.T) {
	cut := errors.New("connection cut")
	fake := &fakeSQL{rows: func([]driver.NamedValue) [][]driver.Value {
		return [][]driver.Value{{"0001", []byte("one")}, {"0000", nil}, {cut, nil}}
	}}
	store := sqlStore(t, fake.open(t))
	found, err := store.LoadAll(t.Context(), []string{"0000", "0001", "0002", "0003", "0001"})
	wantUndone(t, err, cut, 2, 3)
	if len(found) != 2 || string(found["0001"]) != "one" || found["0000"] == nil || len(found["0000"]) != 0 {
		t.Errorf("found %q", found)
	}
}

// A table made by hand may compare IDs in another way.
func TestSQLLoadAllTakesOnlyTheNamed(t *testing.T) {
	var asked []driver.NamedValue
	fake := &fakeSQL{rows: func(args []driver.NamedValue) [][]driver.Value {
		asked = args
		return [][]driver.Value{{"ABC", []byte("another's")}, {"def", []byte("own")}}
	}}
	store := sqlStore(t, fake.open(t), WithSQLDialect(DialectMySQL))
	found, err := store.LoadAll(t.Context(), []string{"def", "abc", "def"})
	if err != nil || len(found) != 1 || string(found["def"]) != "own" {
		t.Errorf("found %q, error %v", found, err)
	}
	if len(asked) != 2 || asked[0].Value != "abc" || asked[1].Value != "def" {
		t.Errorf("asked for %v, want each once and in order", asked)
	}
}

func TestSQLiteReadsRideOutBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		busy := 3
		fake := &fakeSQL{answer: func(context.Context, string) error {
			if busy--; busy >= 0 {
				return methodCode(5)
			}
			return nil
		}}
		store := sqlStore(t, fake.open(t), WithSQLDialect(DialectSQLite), WithSQLCleanupInterval(-1))
		if err := store.Ping(t.Context()); err != nil || busy >= 0 {
			t.Errorf("Ping: %v after all but %d failures", err, busy)
		}
		busy = 1 << 30
		if _, err := store.LoadAll(context.Background(), []string{"a"}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("LoadAll: %v", err)
		}
	})
}

// A query is not repeated once it gave a row: its caller has seen it.
func TestSQLiteReadThatBeganIsNotRepeated(t *testing.T) {
	fake := &fakeSQL{rows: func([]driver.NamedValue) [][]driver.Value {
		return [][]driver.Value{{"a", int64(1), int64(1e6)}, {methodCode(5), nil, nil}}
	}}
	store := sqlStore(t, fake.open(t), WithSQLDialect(DialectSQLite))
	if page, _, err := store.Scan(t.Context(), "", 0); !errors.Is(err, methodCode(5)) || len(page) > 0 {
		t.Errorf("Scan: %v, %v", page, err)
	}
	if got := len(fake.said()); got != 1 {
		t.Errorf("%d queries, want 1", got)
	}
}
