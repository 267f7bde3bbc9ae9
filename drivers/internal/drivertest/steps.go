package drivertest

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/limpet-go/limpet/drivers/internal/sqltest"
	"github.com/limpet-go/limpet/session"
)

// With returns a URL with further query parameters, given as names and values in turn.
func With(tb testing.TB, place string, params ...string) string {
	tb.Helper()
	return Edit(tb, place, func(u *url.URL) {
		query := u.Query()
		for i := 0; i < len(params); i += 2 {
			query.Set(params[i], params[i+1])
		}
		u.RawQuery = query.Encode()
	})
}

// Edit returns a URL that was changed.
func Edit(tb testing.TB, place string, change func(u *url.URL)) string {
	tb.Helper()
	u, err := url.Parse(place)
	if err != nil {
		tb.Fatal(err)
	}
	change(u)
	return u.String()
}

// WantMissing wants a session not to be there.
func WantMissing(tb testing.TB, store session.SessionStore, id string) {
	tb.Helper()
	if got, err := store.Load(tb.Context(), id); got != nil || err != nil {
		tb.Fatalf("Load: got %.40q, %v, want no session", got, err)
	}
}

// Batch returns good sessions for a SaveAll.
func Batch(n int) map[string]session.SessionData {
	batch := map[string]session.SessionData{}
	for i := range n {
		batch[fmt.Sprintf("%03d", i)] = session.SessionData{Data: []byte("good"), ExpiresAt: time.Now().Add(time.Hour)}
	}
	return batch
}

// CallEverything makes each call of a store, so that it has an effect, and wants each to succeed.
func CallEverything(tb testing.TB, store *session.SQLStore) {
	tb.Helper()
	ctx, later := tb.Context(), time.Now().Add(time.Hour)
	batch := map[string]session.SessionData{"a": {Data: []byte("a"), ExpiresAt: later}, "b": {ExpiresAt: later}, "c": {}}
	sqltest.Save(tb, store, "s1", "one")
	sqltest.WantLoad(tb, store, "s1", "one")
	_, loadErr := store.LoadAll(ctx, []string{"s1", "a"})
	_, _, scanErr := store.Scan(ctx, "", 0)
	userErr := store.SetUser(ctx, "s1", "bob", later)
	_, listErr := store.UserSessions(ctx, "bob")
	_, revokeErr := store.RevokeUser(ctx, "bob")
	err := errors.Join(
		store.Ping(ctx), loadErr, scanErr, userErr, listErr, revokeErr,
		store.SaveAll(ctx, batch), store.SaveAllAtomic(ctx, batch),
		store.Touch(ctx, "a", later), store.TouchAll(ctx, map[string]time.Time{"a": later, "b": {}}),
		store.Delete(ctx, "a"), store.DeleteAll(ctx, []string{"a", "b"}),
	)
	if err != nil {
		tb.Fatal(err)
	}
}

// SaveAtOnce saves n sessions at the same time, with their IDs as data.
func SaveAtOnce(tb testing.TB, store session.SessionStore, n int) error {
	tb.Helper()
	return sqltest.Together(n, func(i int) error {
		id := fmt.Sprint("session-", i)
		return store.Save(tb.Context(), id, []byte(id), time.Now().Add(time.Hour))
	})
}

// KeepsBytes checks that no byte is lost or changed on its way, alone and in a batch.
func KeepsBytes(tb testing.TB, store *session.SQLStore) {
	tb.Helper()
	data := make([]byte, 70_000)
	for i := range data {
		data[i] = byte(i * 7)
	}
	later := time.Now().Add(time.Hour)
	sqltest.Save(tb, store, `id'"\$1`, string(data))
	sqltest.WantLoad(tb, store, `id'"\$1`, string(data))
	batch := map[string]session.SessionData{`?1"`: {Data: data, ExpiresAt: later}, `\'2`: {Data: data[1:], ExpiresAt: later}}
	if err := store.SaveAll(tb.Context(), batch); err != nil {
		tb.Fatal(err)
	}
	found, err := store.LoadAll(tb.Context(), []string{`?1"`, `\'2`})
	if err != nil || !bytes.Equal(found[`?1"`], data) || !bytes.Equal(found[`\'2`], data[1:]) {
		tb.Fatalf("LoadAll: %d sessions, %v", len(found), err)
	}
}
