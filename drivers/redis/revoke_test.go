package redis

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/limpet-go/limpet/internal/testserver"
)

func wantRevoked(t testing.TB, store *Store, user string, want ...string) {
	t.Helper()
	if ids, err := store.RevokeUser(t.Context(), user); err != nil || !slices.Equal(ids, want) {
		t.Errorf("RevokeUser: %q, %v, want %q", ids, err, want)
	}
}

// The entry of a session that was kept alive by Save and Touch ended long ago. Once revoked, nothing else would tell that
// it is the user's.
func TestEntriesStayWhenTheirSessionsAreRevoked(t *testing.T) {
	t.Parallel()
	for name, server := range map[string]func(testing.TB) string{
		"single": testserver.Redis, "cluster": testserver.RedisCluster,
	} {
		t.Run(name, func(t *testing.T) {
			store := openStore(t, server(t), newPrefix())
			set := store.userKey(sumOf("ann"))
			save(t, store, "s", "x")
			setUser(t, store, "s", "ann")
			age(t, store, "ann", "s", 25*time.Hour)
			for _, key := range []string{set, store.ownerKey("s")} {
				if err := store.client.PExpire(t.Context(), key, time.Minute).Err(); err != nil {
					t.Fatal(err)
				}
			}
			wantRevoked(t, store, "ann", "s")
			lasts(t, store, set, 30*day+time.Hour)
			lasts(t, store, store.ownerKey("s"), 30*day+time.Hour)
			wantRevoked(t, store, "ann", "s") // it holds as long as the session would have lived
			wantSessions(t, store, "ann")
			setUser(t, store, "other", "ann") // settles, as the listing does
			save(t, store, "s", "late")
			wantSessions(t, store, "ann", "s")
			wantRevoked(t, store, "ann", "other", "s")
			wantMissing(t, store, "s")
		})
	}
}

// What SetUser said stays when the session would have ended sooner, and so does that it is another's by now.
func TestRevokingShortensNoEntry(t *testing.T) {
	t.Parallel()
	store := openStore(t, testserver.Redis(t), newPrefix())
	set := store.userKey(sumOf("ann"))
	for _, id := range []string{"far", "others"} {
		save(t, store, id, "x")
		if err := store.SetUser(t.Context(), id, "ann", time.Now().Add(5*day)); err != nil {
			t.Fatal(err)
		}
	}
	setUser(t, store, "others", "bob")
	before, err := store.client.ZRangeWithScores(t.Context(), set, 0, -1).Result()
	if err != nil {
		t.Fatal(err)
	}
	wantRevoked(t, store, "ann", "far")
	after, err := store.client.ZRangeWithScores(t.Context(), set, 0, -1).Result()
	if err != nil || !slices.Equal(before, after) {
		t.Errorf("entries %v, before %v (%v)", after, before, err)
	}
	lasts(t, store, set, 35*day)
	lasts(t, store, store.ownerKey("far"), 35*day)
	wantLoad(t, store, "others", "x")
	if err := store.keep(t.Context(), sumOf("ann"), []record{{id: "far", life: time.Hour}}); err != nil { // SetUser came first
		t.Error(err)
	}
	if after, err = store.client.ZRangeWithScores(t.Context(), set, 0, -1).Result(); err != nil || !slices.Equal(before, after) {
		t.Errorf("entries %v, before %v (%v)", after, before, err)
	}
}

// The entries of more sessions than go in one step are kept.
func TestEntriesOfManySessionsStay(t *testing.T) {
	t.Parallel()
	store := openStore(t, testserver.Redis(t), newPrefix())
	var ids []string
	for i := range 2*pipelineLength + 1 {
		id := fmt.Sprintf("%04d", i)
		ids = append(ids, id)
		save(t, store, id, "x")
		if err := store.SetUser(t.Context(), id, "ann", time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	wantRevoked(t, store, "ann", ids...)
	wantRevoked(t, store, "ann", ids...)
}

// A full server takes no entries, but sessions can be deleted from it.
func TestRevokeUserOnAFullServer(t *testing.T) {
	t.Parallel()
	s := testserver.StartRedis(t)
	store := openStore(t, s.URL(), newPrefix())
	save(t, store, "s", "x")
	setUser(t, store, "s", "ann")
	age(t, store, "ann", "s", time.Hour)
	if _, err := s.Redis("CONFIG", "SET", "maxmemory", "1"); err != nil {
		t.Fatal(err)
	}
	ids, err := store.RevokeUser(t.Context(), "ann")
	if !slices.Equal(ids, []string{"s"}) || err == nil || !strings.Contains(err.Error(), "OOM") {
		t.Errorf("RevokeUser: %q, %v", ids, err)
	}
	wantMissing(t, store, "s")
}

// What lengthens an entry's keys is part of what must be done.
func TestRevokeUserTellsThatEntriesMayGo(t *testing.T) {
	t.Parallel()
	store := openStore(t, testserver.Redis(t), newPrefix())
	for _, id := range []string{"s", "s2"} {
		save(t, store, id, "x")
		setUser(t, store, id, "ann")
		age(t, store, "ann", id, time.Hour)
	}
	store.client.AddHook(refusing{"pexpire", store.ownerKey("s")})
	ids, err := store.RevokeUser(t.Context(), "ann")
	if !errors.Is(err, errRefused) || !slices.Equal(ids, []string{"s", "s2"}) {
		t.Errorf("RevokeUser: %q, %v", ids, err)
	}
	wantMissing(t, store, "s")
}
