package redis

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/limpet-go/limpet/internal/testserver"
	"github.com/limpet-go/limpet/session"
)

// many saves sessions and returns their IDs, each with the number of times it was listed so far.
func many(t testing.TB, store *Store, n int) map[string]int {
	t.Helper()
	batch, listed := map[string]session.SessionData{}, map[string]int{}
	for i := range n {
		id := fmt.Sprint("session-", i)
		batch[id] = session.SessionData{Data: []byte(id), ExpiresAt: time.Now().Add(time.Hour)}
		listed[id] = 0
	}
	if err := store.SaveAll(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	return listed
}

// rest counts the sessions from a cursor to the end. It tries again what fails for a while.
func rest(t testing.TB, store *Store, cursor string, limit int, listed map[string]int) {
	t.Helper()
	for {
		var page []session.SessionInfo
		var next string
		eventually(t, 10*time.Second, func() (err error) {
			page, next, err = store.Scan(t.Context(), cursor, limit)
			return err
		})
		for _, info := range page {
			listed[info.ID]++
		}
		if next == "" {
			return
		}
		cursor = next
	}
}

func wantAllListed(t testing.TB, listed map[string]int, n int) {
	t.Helper()
	missed := 0
	for _, times := range listed {
		if times == 0 {
			missed++
		}
	}
	if missed > 0 || len(listed) != n {
		t.Errorf("%d of %d sessions were not listed; %d others were", missed, n, len(listed)-n)
	}
}

func TestScanListsOnlyWhatAStoreWrites(t *testing.T) {
	t.Parallel()
	store := openStore(t, testserver.Redis(t), newPrefix())
	listed := many(t, store, 50)
	ctx, hour := t.Context(), time.Hour
	key := func(id string) string { return store.key(id) }
	long := fmt.Sprintf("%065d", 0)
	for _, cmd := range []goredis.Cmder{
		store.client.RPush(ctx, key("list"), "x"), store.client.Set(ctx, key("for ever"), "x", 0),
		store.client.Set(ctx, key("forever"), "x", 0), store.client.Set(ctx, key(""), "x", hour),
		store.client.Set(ctx, key("two words"), "x", hour), store.client.Set(ctx, key(long), "x", hour),
		store.client.Set(ctx, "other"+key("prefix"), "x", hour),
	} {
		if err := cmd.Err(); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.SetUser(ctx, "session-1", "ann", time.Now().Add(hour)); err != nil {
		t.Fatal(err)
	}
	rest(t, store, "", 0, listed)
	wantAllListed(t, listed, 50)
}

// SCAN's cursors mean something else to another process, even if it has the same data.
func TestScanGoesOnAfterARestart(t *testing.T) {
	t.Parallel()
	s := testserver.StartRedis(t)
	store := openStore(t, s.URL(), newPrefix())
	listed := many(t, store, 2000)
	cursor := ""
	for range 10 {
		page, next, err := store.Scan(t.Context(), cursor, 100)
		if err != nil || next == "" {
			t.Fatalf("next %q, %v", next, err)
		}
		for _, info := range page {
			listed[info.ID]++
		}
		cursor = next
	}
	before := cursor
	s.Kill(t)
	s.Start(t)
	page, next, err := store.Scan(t.Context(), cursor, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, info := range page {
		listed[info.ID]++
	}
	if next == before {
		t.Error("the cursor did not change")
	}
	rest(t, store, next, 100, listed)
	wantAllListed(t, listed, 2000)
	fresh := map[string]int{}
	rest(t, store, before, 100, fresh)
	if len(fresh) != 2000 {
		t.Errorf("a cursor of the time before the restart leads to %d sessions; want all", len(fresh))
	}
}

func TestScanOfAReplicaIsAnError(t *testing.T) {
	t.Parallel()
	master, replica := testserver.StartRedis(t), testserver.StartRedis(t)
	host, port := splitAddr(t, master.Addr())
	if _, err := replica.Redis("REPLICAOF", host, port); err != nil {
		t.Fatal(err)
	}
	store := New(newTestClient(t, replica.URL())) // Open refuses it
	if _, _, err := store.Scan(t.Context(), "", 0); err == nil {
		t.Error("a replica, which may lag behind, was listed")
	}
}

func TestScanRefusesCursorsOfOthers(t *testing.T) {
	t.Parallel()
	store := openStore(t, testserver.Redis(t), newPrefix())
	for _, cursor := range []string{
		"0", "redis1", "redis1:::", "redis1:0:abc:", "redis1:0:abc:x", "redis1:16384:abc:1", "redis1:-1:abc:1",
		"redis2:0:abc:1", "redis1:0:abc:1:2", "redis1:0:abc:18446744073709551616",
	} {
		if page, next, err := store.Scan(t.Context(), cursor, 0); err == nil || page != nil || next != "" {
			t.Errorf("%q: %v, %q, %v", cursor, page, next, err)
		}
	}
	want := position{slot: 16383, run: "abc", cursor: 1<<64 - 1}
	if got, err := openCursor(want.String()); got != want || err != nil {
		t.Errorf("%v becomes %v, %v", want, got, err)
	}
}

func TestRingCannotBeListed(t *testing.T) {
	t.Parallel()
	c := parsedFrom(t, testserver.Redis(t))
	ring := goredis.NewRing(&goredis.RingOptions{Addrs: map[string]string{"a": c.addrs[0]}})
	defer ring.Close()
	store := New(ring, session.WithRedisPrefix(newPrefix()))
	save(t, store, "s1", "one")
	wantLoad(t, store, "s1", "one")
	if _, _, err := store.Scan(t.Context(), "", 0); err == nil {
		t.Error("a Ring was listed")
	}
}

func TestSlotsAreTheServers(t *testing.T) {
	t.Parallel()
	client := newTestClient(t, testserver.RedisCluster(t))
	for slot := 0; slot < slots; slot += 1237 {
		key := keyInSlot(slot)
		if got, err := client.ClusterKeySlot(t.Context(), key).Result(); err != nil || got != int64(slot) {
			t.Errorf("key %q lies in slot %d (%v), not %d", key, got, err, slot)
		}
	}
}

func TestLowestSlots(t *testing.T) {
	a, b, c := []goredis.ClusterNode{{ID: "a"}, {ID: "c"}}, []goredis.ClusterNode{{ID: "b"}}, []goredis.ClusterNode{}
	lowest, served := lowestSlots([]goredis.ClusterSlot{
		{Start: 9, End: 10, Nodes: b}, {Start: 7, End: 8, Nodes: a}, {Start: 0, End: 5, Nodes: a}, {Start: 6, End: 6, Nodes: c},
	})
	if fmt.Sprint(lowest) != "[0 9]" || served != 10 {
		t.Errorf("lowest slots %v, %d served", lowest, served)
	}
}

func TestPingAsksEveryMaster(t *testing.T) {
	t.Parallel()
	cluster := testserver.StartPatientRedisCluster(t)
	store := openStore(t, cluster.URL(), "{x}:") // of whose keys one master has all
	other := cluster.MasterOf(t, "a")
	for i := 0; other == cluster.MasterOf(t, "{x}:"); i++ {
		other = cluster.MasterOf(t, fmt.Sprint(i))
	}
	if err := store.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	other.Pause(t)
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	if err := store.Ping(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("with a master that does not answer: %v", err)
	}
	other.Resume(t)
	eventually(t, 10*time.Second, func() error { return store.Ping(t.Context()) })
}
