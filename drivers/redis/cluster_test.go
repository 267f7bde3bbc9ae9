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

func TestAtomicBatchNeedsOneSlot(t *testing.T) {
	t.Parallel()
	store := openStore(t, testserver.RedisCluster(t), newPrefix())
	batch := func(format string) map[string]session.SessionData {
		sessions := map[string]session.SessionData{}
		for i := range 5 {
			sessions[fmt.Sprintf(format, i)] = session.SessionData{Data: []byte("x"), ExpiresAt: time.Now().Add(time.Hour)}
		}
		return sessions
	}
	var notSaved *session.NotSavedError
	err := store.SaveAllAtomic(t.Context(), batch("%d"))
	if !errors.As(err, &notSaved) || len(notSaved.SessionIDs) != 5 || !strings.Contains(err.Error(), "CROSSSLOT") {
		t.Errorf("IDs of several slots: %v", err)
	}
	for i := range 5 {
		wantMissing(t, store, fmt.Sprint(i))
	}
	if err := store.SaveAllAtomic(t.Context(), batch("{tag}%d")); err != nil {
		t.Errorf("IDs with a tag in common: %v", err)
	}
	wantLoad(t, store, "{tag}4", "x")
	if err := store.SaveAll(t.Context(), batch("%d")); err != nil {
		t.Errorf("SaveAll: %v", err)
	}
	wantLoad(t, store, "4", "x")
}

func TestClusterThatServesNothing(t *testing.T) {
	t.Parallel()
	s := testserver.StartRedis(t, "--cluster-enabled", "yes")
	raw := "redis+cluster://" + s.Addr()
	if _, err := Open(raw); err == nil || !strings.Contains(err.Error(), "CLUSTERDOWN") {
		t.Errorf("Open: %v", err)
	}
	store := New(newTestClient(t, raw))
	if page, next, err := store.Scan(t.Context(), "", 0); err == nil || !strings.Contains(err.Error(), "slots") {
		t.Errorf("Scan: %v, %q, %v", page, next, err)
	}
}

// Keys of a slot that is on its way lie on one of two nodes, each of which sends those who ask for others' to the other.
func TestSlotOnItsWay(t *testing.T) {
	t.Parallel()
	cluster := testserver.StartPatientRedisCluster(t)
	const prefix = "{x}:"
	store := openStore(t, cluster.URL(), prefix)
	save(t, store, "stays", "old")
	from := cluster.MasterOf(t, prefix)
	to := from
	for i := 0; to == from; i++ {
		to = cluster.MasterOf(t, fmt.Sprint(i))
	}
	move(t, from, to, prefix)
	save(t, store, "new", "new")
	for _, id := range []string{"stays", "new"} {
		wantLoad(t, store, id, map[string]string{"stays": "old", "new": "new"}[id])
		if err := store.Touch(t.Context(), id, time.Now().Add(2*time.Hour)); err != nil {
			t.Errorf("Touch: %v", err)
		}
	}
	batch := map[string]session.SessionData{}
	for i := range 300 {
		batch[fmt.Sprint(i)] = session.SessionData{Data: []byte("x"), ExpiresAt: time.Now().Add(time.Hour)}
	}
	if err := store.SaveAll(t.Context(), batch); err != nil {
		t.Errorf("SaveAll: %v", err)
	}
	if found, err := store.LoadAll(t.Context(), []string{"stays", "new", "7", "299", "missing"}); len(found) != 4 || err != nil {
		t.Errorf("LoadAll finds %d: %v", len(found), err)
	}
	if err := store.SetUser(t.Context(), "new", "ann", time.Now().Add(time.Hour)); err != nil {
		t.Error(err)
	}
	if list, err := store.UserSessions(t.Context(), "ann"); len(list) != 1 || err != nil {
		t.Errorf("UserSessions lists %d: %v", len(list), err)
	}
}

// move begins to move the slot of a key.
func move(t *testing.T, from, to *testserver.Server, key string) {
	t.Helper()
	slot, err := from.Redis("CLUSTER", "KEYSLOT", key)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		on, other *testserver.Server
		what      string
	}{{to, from, "IMPORTING"}, {from, to, "MIGRATING"}} {
		id, err := step.other.Redis("CLUSTER", "MYID")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := step.on.Redis("CLUSTER", "SETSLOT", slot, step.what, id); err != nil {
			t.Fatal(err)
		}
	}
}
