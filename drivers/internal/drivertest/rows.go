package drivertest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/limpet-go/limpet/drivers/internal/sqltest"
	"github.com/limpet-go/limpet/session"
)

// BadRows checks that a row the server refuses costs its neighbours nothing, and that an atomic batch with one writes
// nothing.
func BadRows(t *testing.T, e Engine) {
	for name, texts := range e.Picky {
		t.Run(name, func(t *testing.T) {
			place := e.Fresh(t)
			store := e.Store(t, place)
			sqltest.Exec(t, e.DB(t, place), texts...)
			refusedOnes(t, store)
			refusedWhole(t, store)
		})
	}
}

func refusedOnes(t *testing.T, store *session.SQLStore) {
	bad := session.SessionData{Data: []byte("bad"), ExpiresAt: time.Now().Add(time.Hour)}
	if err := store.Save(t.Context(), "bad", bad.Data, bad.ExpiresAt); err == nil {
		t.Error("Save of a bad row: no error")
	}
	batch, want := Batch(250), []string{"004", "100", "101"}
	for _, id := range want {
		batch[id] = bad
	}
	var notSaved *session.NotSavedError
	if err := store.SaveAll(t.Context(), batch); !errors.As(err, &notSaved) || !slices.Equal(notSaved.SessionIDs, want) {
		t.Errorf("SaveAll: %v, want a NotSavedError of 3 sessions", err)
	}
	for _, id := range want {
		WantMissing(t, store, id)
	}
	for _, id := range []string{"000", "099", "102", "249"} {
		sqltest.WantLoad(t, store, id, "good")
	}
}

func refusedWhole(t *testing.T, store *session.SQLStore) {
	batch := map[string]session.SessionData{"x3": {Data: []byte("bad"), ExpiresAt: time.Now().Add(time.Hour)}}
	for _, id := range []string{"x1", "x2", "x4"} {
		batch[id] = session.SessionData{ExpiresAt: time.Now().Add(time.Hour)}
	}
	batch["000"] = session.SessionData{} // a delete
	var notSaved *session.NotSavedError
	if err := store.SaveAllAtomic(t.Context(), batch); !errors.As(err, &notSaved) || len(notSaved.SessionIDs) != len(batch) {
		t.Errorf("SaveAllAtomic: %v, want a NotSavedError of all", err)
	}
	WantMissing(t, store, "x1")
	sqltest.WantLoad(t, store, "000", "good")
	CallEverything(t, store) // no transaction was left open
}
