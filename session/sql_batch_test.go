package session

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Servers take statements up to a size, some of 4 MiB.
func TestSQLStepsAreBoundedByBytes(t *testing.T) {
	const size = 300_000
	batch := manySessions(30)
	for id, s := range batch {
		batch[id] = SessionData{Data: make([]byte, size), ExpiresAt: s.ExpiresAt}
	}
	for dialect, most := range map[SQLDialect]int{DialectMySQL: 1 << 20, DialectPostgreSQL: 4 << 20, DialectSQLite: 4 << 20} {
		store := sqlStore(t, (&fakeSQL{}).open(t), WithSQLDialect(dialect))
		ids := slices.Sorted(func(yield func(string) bool) {
			for id := range batch {
				if !yield(id) {
					return
				}
			}
		})
		if n := store.saveSize(ids, batch); n != most/size {
			t.Errorf("dialect %d: %d sessions of %d bytes in a step, want %d", dialect, n, size, most/size)
		}
		for _, st := range store.atomicStatements(ids, batch) {
			bytes := 0
			for _, arg := range st.args {
				if data, ok := arg.([]byte); ok {
					bytes += len(data)
				}
			}
			if bytes > most {
				t.Errorf("dialect %d: %d bytes in a statement of an atomic batch, want at most %d", dialect, bytes, most)
			}
		}
	}
}

// hangingUp is a server that ends the connection, in its own way, when a statement has more rows than it likes.
func hangingUp(most int, cut error) *fakeSQL {
	return &fakeSQL{answer: func(_ context.Context, text string) error {
		if strings.Count(text, "DATE_ADD") > most {
			return cut
		}
		return nil
	}}
}

func TestSQLStepThatBreaksTheConnectionIsHalved(t *testing.T) {
	for _, c := range []struct {
		most int
		ok   bool
		cut  error
	}{
		{10, true, io.ErrUnexpectedEOF},
		{0, false, io.ErrUnexpectedEOF},
		{10, false, driver.ErrBadConn}, // the server is read-only
		{10, false, &mysqlErr{1290}},
	} {
		fake := hangingUp(c.most, c.cut)
		store := sqlStore(t, fake.open(t), WithSQLDialect(DialectMySQL), WithSQLCleanupInterval(-1))
		if err := store.SaveAll(t.Context(), manySessions(100)); (err == nil) != c.ok || err != nil && !errors.Is(err, c.cut) {
			t.Errorf("%v at more than %d rows: %v", c.cut, c.most, err)
		}
		if n := len(fake.said()); c.most > 0 && !c.ok && n > 3 { // database/sql tries bad connections again
			t.Errorf("%v: %d statements", c.cut, n)
		}
	}
}

// To halve a step is of no use when there is no server.
func TestSQLStepThatMeetsAnOutageIsNotHalved(t *testing.T) {
	fake := hangingUp(0, io.ErrUnexpectedEOF)
	db := fake.open(t)
	var closed sync.Once
	answer := fake.answer
	fake.answer = func(ctx context.Context, text string) error {
		closed.Do(func() { _ = db.Close() })
		return answer(ctx, text)
	}
	store := sqlStore(t, db, WithSQLDialect(DialectMySQL), WithSQLCleanupInterval(-1))
	if err := store.SaveAll(t.Context(), manySessions(100)); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("SaveAll: %v", err)
	}
	if n := len(fake.said()); n != 1 {
		t.Errorf("%d statements, want 1", n)
	}
}

// An atomic batch is one transaction, whose statements must not lock rows in two orders.
func TestSQLAtomicBatchKeepsOneOrder(t *testing.T) {
	store := sqlStore(t, (&fakeSQL{}).open(t), WithSQLDialect(DialectMySQL))
	batch, ids := manySessions(250), []string{}
	for i := range 250 {
		id := fmt.Sprintf("%04d", i)
		if ids = append(ids, id); i%2 > 0 {
			batch[id] = SessionData{Data: []byte("secret")}
		}
	}
	var saved, removed []string
	for _, st := range store.atomicStatements(ids, batch) {
		if strings.HasPrefix(st.text, "DELETE") {
			for _, id := range st.args {
				removed = append(removed, id.(string))
			}
			continue
		}
		if len(removed) > 0 {
			t.Fatal("a save follows a delete")
		}
		for row := range slices.Chunk(st.args, 3) {
			saved = append(saved, row[0].(string))
			if past := batch[row[0].(string)].ExpiresAt.IsZero(); past != (row[2] == int64(0)) || len(row[1].([]byte)) > 0 {
				t.Errorf("row %v", row)
			}
		}
	}
	if !slices.Equal(saved, ids) || len(removed) != 125 || !slices.IsSorted(removed) {
		t.Errorf("%d saved and %d removed", len(saved), len(removed))
	}
	for id := range batch {
		batch[id] = SessionData{ExpiresAt: time.Unix(1, 0)}
	}
	if all := store.atomicStatements(ids, batch); len(all) != 3 || !strings.HasPrefix(all[0].text, "DELETE") {
		t.Errorf("%d statements for a batch that has expired, want to delete it in three", len(all))
	}
}
