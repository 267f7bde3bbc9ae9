package redis

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/limpet-go/limpet/internal/testserver"
	"github.com/limpet-go/limpet/session"
)

// A full server is an outage, not a session that is gone.
func TestFullServerIsAnError(t *testing.T) {
	t.Parallel()
	s := testserver.StartRedis(t, "--maxmemory", "4mb", "--maxmemory-policy", "noeviction")
	store := openStore(t, s.URL(), newPrefix())
	save(t, store, "s1", "one")
	batch := map[string]session.SessionData{}
	for i := range 200 {
		batch[fmt.Sprint("b", i)] = session.SessionData{Data: make([]byte, 100_000), ExpiresAt: time.Now().Add(time.Hour)}
	}
	var notSaved *session.NotSavedError
	err := store.SaveAll(t.Context(), batch)
	if !errors.As(err, &notSaved) || !strings.Contains(err.Error(), "OOM") || len(notSaved.SessionIDs) == len(batch) {
		t.Fatalf("SaveAll: %v", err)
	}
	for _, id := range notSaved.SessionIDs {
		wantMissing(t, store, id)
		delete(batch, id)
	}
	for id := range batch {
		wantLoad(t, store, id, strings.Repeat("\x00", 100_000))
	}
	if _, err := s.Redis("CONFIG", "SET", "maxmemory", "1mb"); err != nil {
		t.Fatal(err)
	}
	later := time.Now().Add(time.Hour)
	for what, err := range map[string]error{
		"Save":          store.Save(t.Context(), "s2", make([]byte, 1000), later),
		"SaveAllAtomic": store.SaveAllAtomic(t.Context(), map[string]session.SessionData{"s2": {ExpiresAt: later}}),
		"SetUser":       store.SetUser(t.Context(), "s1", "ann", later),
	} {
		if err == nil || !strings.Contains(err.Error(), "OOM") {
			t.Errorf("%s: %v", what, err)
		}
	}
	wantLoad(t, store, "s1", "one")
}

func TestKeyOfAnotherKindIsAnErrorAndNoMissingSession(t *testing.T) {
	t.Parallel()
	store := openStore(t, testserver.Redis(t), newPrefix())
	if err := store.client.RPush(t.Context(), store.key("list"), "x").Err(); err != nil {
		t.Fatal(err)
	}
	save(t, store, "s1", "one")
	if _, err := store.Load(t.Context(), "list"); err == nil || !strings.Contains(err.Error(), "WRONGTYPE") {
		t.Errorf("Load: %v", err)
	}
	found, err := store.LoadAll(t.Context(), []string{"list", "missing", "s1"})
	var failed *session.BatchError
	if !errors.As(err, &failed) || fmt.Sprint(failed.SessionIDs) != "[list]" || string(found["s1"]) != "one" {
		t.Errorf("LoadAll: %q, %v", found, err)
	}
	if err := store.SetUser(t.Context(), "list", "ann", time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if _, err := store.UserSessions(t.Context(), "ann"); err == nil || !strings.Contains(err.Error(), "WRONGTYPE") {
		t.Errorf("UserSessions: %v", err)
	}
	if err := store.Delete(t.Context(), "list"); err != nil {
		t.Errorf("Delete: %v", err)
	}
	wantMissing(t, store, "list")
}

func TestPrefixesSideBySide(t *testing.T) {
	t.Parallel()
	base := newPrefix()
	stores := map[string]*Store{}
	for _, prefix := range []string{"*", "?", "[a]", "a", `\*`, "", "{x}"} {
		stores[prefix] = openStore(t, testserver.Redis(t), base+prefix+"|")
		save(t, stores[prefix], "s", prefix)
		if err := stores[prefix].SetUser(t.Context(), "s", "ann", time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	for prefix, store := range stores {
		wantLoad(t, store, "s", prefix)
		n := 0
		for info, err := range session.Sessions(t.Context(), store) {
			if n++; err != nil || info.ID != "s" || info.Size != len(prefix) {
				t.Errorf("%q lists %+v, %v", prefix, info, err)
			}
		}
		if list, err := store.UserSessions(t.Context(), "ann"); n != 1 || len(list) != 1 || err != nil {
			t.Errorf("%q lists %d sessions, and %d of the user: %v", prefix, n, len(list), err)
		}
	}
	if _, err := stores["a"].RevokeUser(t.Context(), "ann"); err != nil {
		t.Fatal(err)
	}
	wantMissing(t, stores["a"], "s")
	wantLoad(t, stores["*"], "s", "*")
}

func TestExpiryIsToTheMillisecond(t *testing.T) {
	t.Parallel()
	store := openStore(t, testserver.Redis(t), newPrefix())
	const life = 90_500 * time.Millisecond
	for what, write := range map[string]func(at time.Time) error{
		"Save":  func(at time.Time) error { return store.Save(t.Context(), "s", nil, at) },
		"Touch": func(at time.Time) error { return store.Touch(t.Context(), "s", at) },
		"SaveAll": func(at time.Time) error {
			return store.SaveAll(t.Context(), map[string]session.SessionData{"s": {ExpiresAt: at}})
		},
		"TouchAll": func(at time.Time) error { return store.TouchAll(t.Context(), map[string]time.Time{"s": at}) },
	} {
		save(t, store, "s", "")
		began := time.Now()
		if err := write(began.Add(life)); err != nil {
			t.Fatal(err)
		}
		left, err := store.client.PTTL(t.Context(), store.key("s")).Result()
		if took := time.Since(began); err != nil || left > life || left < life-took-time.Millisecond {
			t.Errorf("%s: %v left after %v (%v)", what, left, took, err)
		}
	}
}
