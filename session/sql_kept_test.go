package session

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"
)

// preparing is a fake that counts how often each text was prepared.
func preparing() (*fakeSQL, func() map[string]int) {
	var mu sync.Mutex
	counts := map[string]int{}
	count := func(text string) error {
		mu.Lock()
		defer mu.Unlock()
		counts[text]++
		return nil
	}
	return &fakeSQL{prepare: count, value: []byte("data")}, func() map[string]int {
		mu.Lock()
		defer mu.Unlock()
		return counts
	}
}

func TestFixedStatementsOfMySQLAreKept(t *testing.T) {
	fake, prepared := preparing()
	db := fake.open(t)
	db.SetMaxOpenConns(1) // a statement is prepared on each connection
	store := sqlStore(t, db, WithSQLDialect(DialectMySQL), WithSQLOwnedDB())
	for range 3 {
		later := time.Now().Add(time.Hour)
		_, loadErr := store.Load(t.Context(), "s1")
		err := errors.Join(loadErr, store.Ping(t.Context()), store.Save(t.Context(), "s1", nil, later),
			store.Touch(t.Context(), "s1", later), store.Delete(t.Context(), "s1"), store.SaveAll(t.Context(), manySessions(250)),
			// One full step each: two that run at once may both prepare the statement.
			batchCalls["TouchAll"](t.Context(), store, 150), batchCalls["DeleteAll"](t.Context(), store, 150))
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := len(prepared()); got != 7 {
		t.Errorf("%d statements are kept, want those of 4 lone calls and 3 full steps", got)
	}
	for text, n := range prepared() {
		if n != 1 {
			t.Errorf("prepared %d times: %.80s", n, text)
		}
		if rows := strings.Count(text, "DATE_ADD"); strings.HasPrefix(text, "INSERT") && rows != 1 && rows != mysqlBatchRows {
			t.Errorf("the statement for %d rows is kept", rows)
		}
	}
}

func TestStatementsInCallersDatabaseAreNotKept(t *testing.T) {
	for name, dialect := range map[string]SQLDialect{"mysql": DialectMySQL, "postgres": DialectPostgreSQL} {
		fake, prepared := preparing()
		everyCall(t.Context(), sqlStore(t, fake.open(t), WithSQLDialect(dialect)), "s1")
		if got := prepared(); len(got) > 0 {
			t.Errorf("%s: prepared %v", name, got)
		}
	}
}

func TestStatementThatCannotBePreparedIsTriedAgain(t *testing.T) {
	down := errors.New("connection refused")
	fake := &fakeSQL{prepare: func(string) error { return down }}
	store := sqlStore(t, fake.open(t), WithSQLDialect(DialectMySQL), WithSQLOwnedDB())
	if _, err := store.Load(t.Context(), "s1"); !errors.Is(err, down) {
		t.Errorf("Load: %v", err)
	}
	if err := store.Save(t.Context(), "s1", nil, time.Now().Add(time.Hour)); !errors.Is(err, down) {
		t.Errorf("Save: %v", err)
	}
	fake.prepare = nil
	if _, err := store.Load(t.Context(), "s1"); err != nil {
		t.Errorf("Load after the outage: %v", err)
	}
}

// Callers that come at once may all prepare a text; they go on with one of the statements.
func TestStatementKeptByManyAtOnce(t *testing.T) {
	fake, prepared := preparing()
	store := sqlStore(t, fake.open(t), WithSQLDialect(DialectMySQL), WithSQLOwnedDB())
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if data, err := store.Load(t.Context(), "s1"); err != nil || string(data) != "data" {
				t.Errorf("Load: %q, %v", data, err)
			}
		})
	}
	all.Wait()
	if len(prepared()) != 1 {
		t.Errorf("prepared %v", prepared())
	}
}
