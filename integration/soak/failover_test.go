package soak

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/limpet-go/limpet/drivers/redis"
	"github.com/limpet-go/limpet/internal/testserver"
)

// slot is a part of session IDs that puts them into one hash slot of a cluster.
const slot = "{limpet}"

// TestFailoverLoss measures what a Redis Cluster loses of what it acknowledged when a master dies while its replica lags: the
// replica hangs, its connection is cut so that nothing waits in a buffer, sessions are saved, the master is killed, and the
// replica goes on in its place.
func TestFailoverLoss(t *testing.T) {
	t.Parallel()
	cluster := testserver.StartRedisCluster(t)
	store, err := redis.Open(cluster.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	key := store.Prefix() + slot
	master := cluster.MasterOf(t, key)
	replica := cluster.ReplicasOf(t, master)[0]

	saveUntilDone(t, store, slot+"before")
	if n, err := master.Redis("WAIT", "1", "5000"); err != nil || n != "1" {
		t.Fatalf("the replica did not follow: %s, %v", n, err)
	}
	replica.Pause(t)
	if _, err := master.Redis("CLIENT", "KILL", "TYPE", "replica"); err != nil {
		t.Fatal(err)
	}
	acknowledged := saveMany(t, store, 100)
	master.Kill(t)
	replica.Resume(t)

	killed := time.Now()
	saveUntilDone(t, store, slot+"after")
	refused := time.Since(killed).Round(time.Millisecond)
	if promoted := cluster.MasterOf(t, key); promoted != replica {
		t.Errorf("%s was promoted", promoted.Addr())
	}
	found, err := store.LoadAll(t.Context(), append(acknowledged, slot+"before"))
	if err != nil {
		t.Fatal(err)
	}
	lost := 0
	for _, id := range acknowledged {
		if found[id] == nil {
			lost++
		}
	}
	t.Logf("%d of %d acknowledged saves lost; saves refused for %v", lost, len(acknowledged), refused)
	if found[slot+"before"] == nil {
		t.Error("lost what the replica had")
	}
	if lost == 0 {
		t.Error("nothing was lost: the guarantees say less than what holds")
	}
}

// saveMany returns the IDs of the sessions that were saved.
func saveMany(t *testing.T, store target, n int) (acknowledged []string) {
	t.Helper()
	for i := range n {
		id := fmt.Sprint(slot, i)
		if err := store.Save(t.Context(), id, value(id, 1), time.Now().Add(long)); err != nil {
			t.Fatalf("save %d of %d with the replica away: %v", i, n, err)
		}
		acknowledged = append(acknowledged, id)
	}
	return acknowledged
}

// saveUntilDone tries until the save is acknowledged.
func saveUntilDone(t *testing.T, store target, id string) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		err := store.Save(ctx, id, value(id, 1), time.Now().Add(long))
		cancel()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("no save was acknowledged: %v", err)
		}
	}
}
