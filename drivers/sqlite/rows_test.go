package sqlite

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

// pickyDB refuses sessions whose data is "bad", in the way the trigger says: ABORT undoes the statement, ROLLBACK the
// whole transaction.
func pickyDB(t *testing.T, way string) *sql.DB {
	t.Helper()
	db := plainDB(t, filepath.Join(t.TempDir(), "a.db"))
	newStore(t, db)
	_, err := db.Exec(`CREATE TRIGGER picky BEFORE INSERT ON vango_sessions WHEN NEW.data = CAST('bad' AS BLOB)
		BEGIN SELECT RAISE(` + way + `, 'no'); END`)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func TestBadRowDoesNotFailItsNeighbours(t *testing.T) {
	for _, way := range []string{"ABORT", "ROLLBACK", "FAIL"} {
		t.Run(way, func(t *testing.T) {
			store := sqliteStore(t, pickyDB(t, way))
			_ = together(300, func(i int) error {
				id, bad := fmt.Sprint(i), i%50 == 7
				data := "good"
				if bad {
					data = "bad"
				}
				err := store.Save(t.Context(), id, []byte(data), time.Now().Add(time.Hour))
				if (err != nil) != bad {
					t.Errorf("Save of a %s row: %v", data, err)
				}
				return nil
			})
			for i := range 300 {
				if i%50 == 7 {
					wantMissing(t, store, fmt.Sprint(i))
				} else {
					wantLoad(t, store, fmt.Sprint(i), "good")
				}
			}
		})
	}
}

func TestBadRowsOfBatchAreNamed(t *testing.T) {
	store := sqliteStore(t, pickyDB(t, "ABORT"))
	batch := map[string]session.SessionData{}
	for i := range 250 {
		batch[fmt.Sprintf("%03d", i)] = session.SessionData{Data: []byte("good"), ExpiresAt: time.Now().Add(time.Hour)}
	}
	want := []string{"004", "100", "101"}
	for _, id := range want {
		batch[id] = session.SessionData{Data: []byte("bad"), ExpiresAt: time.Now().Add(time.Hour)}
	}
	var notSaved *session.NotSavedError
	if err := store.SaveAll(t.Context(), batch); !errors.As(err, &notSaved) || !slices.Equal(notSaved.SessionIDs, want) {
		t.Fatalf("SaveAll: %v, want a NotSavedError of 3 sessions", err)
	}
	wantMissing(t, store, "100")
	wantLoad(t, store, "099", "good")
	wantLoad(t, store, "249", "good")
}

func TestAtomicBatchWithBadRowWritesNothing(t *testing.T) {
	for _, way := range []string{"ABORT", "ROLLBACK", "FAIL"} {
		store := sqliteStore(t, pickyDB(t, way))
		batch := map[string]session.SessionData{"000": {Data: []byte("bad"), ExpiresAt: time.Now().Add(time.Hour)}}
		for i := range 250 {
			batch[fmt.Sprint(i)] = session.SessionData{Data: []byte("good"), ExpiresAt: time.Now().Add(time.Hour)}
		}
		batch["999"] = batch["000"]
		delete(batch, "000") // the last statement fails
		var notSaved *session.NotSavedError
		if err := store.SaveAllAtomic(t.Context(), batch); !errors.As(err, &notSaved) || len(notSaved.SessionIDs) != 251 {
			t.Errorf("%s: %v, want a NotSavedError of all", way, err)
		}
		for i := range 250 {
			wantMissing(t, store, fmt.Sprint(i))
		}
		save(t, store, "0", "good") // no transaction was left open
		wantLoad(t, store, "0", "good")
	}
}

// In memory there is but one connection, and to throw it away is to lose the data.
func TestFailedTransactionKeepsTheConnection(t *testing.T) {
	db := plainDB(t, ":memory:")
	db.SetMaxOpenConns(1)
	store := newStore(t, db)
	save(t, store, "kept", "kept")
	if _, err := db.Exec(`CREATE TRIGGER picky BEFORE INSERT ON vango_sessions WHEN NEW.data = CAST('bad' AS BLOB)
		BEGIN SELECT RAISE(ROLLBACK, 'no'); END`); err != nil {
		t.Fatal(err)
	}
	err := store.SaveAllAtomic(t.Context(), map[string]session.SessionData{
		"gone": {},
		"s1":   {Data: []byte("bad"), ExpiresAt: time.Now().Add(time.Hour)},
	})
	if err == nil {
		t.Error("a batch with a bad row is saved")
	}
	wantLoad(t, store, "kept", "kept")
}
