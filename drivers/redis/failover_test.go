package redis

import (
	"fmt"
	"sync"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/limpet-go/limpet/internal/testserver"
)

// A failover loses no acknowledged write but, where replication lags, the last ones to the master that died; here every
// write had the time to be replicated.
func TestClusterFailover(t *testing.T) {
	t.Parallel()
	cluster := testserver.StartRedisCluster(t)
	prefix := newPrefix()
	store := openStore(t, cluster.URL(), prefix)
	listed := many(t, store, 600)
	page, cursor, err := store.Scan(t.Context(), "", 50)
	if err != nil || cursor == "" {
		t.Fatalf("next %q, %v", cursor, err)
	}
	for _, info := range page {
		listed[info.ID]++
	}
	acked := newAcks(store)
	stop := acked.write(t, 4)
	eventually(t, 10*time.Second, func() error { return acked.atLeast(500) })
	victim := cluster.MasterOf(t, keyInSlot(0))
	master, err := store.client.(*goredis.ClusterClient).MasterForKey(t.Context(), keyInSlot(0))
	if err != nil {
		t.Fatal(err)
	}
	replicated(t, master, keyInSlot(0))
	killed := time.Now()
	victim.Kill(t)
	back := eventually(t, 30*time.Second, func() error {
		return store.Save(t.Context(), keyOn(prefix, 0), []byte("back"), time.Now().Add(time.Hour))
	})
	t.Logf("writes to the master that was killed are back after %v", back)
	if back > 6*time.Second {
		t.Errorf("writes are back after %v", back)
	}
	stop()
	lost := acked.lost(t)
	for _, at := range lost {
		if d := killed.Sub(at); d > time.Second || d < -100*time.Millisecond {
			t.Errorf("a write that was acknowledged %v before the kill is lost", d)
		}
	}
	t.Logf("%d of %d acknowledged writes lost", len(lost), acked.count())
	rest(t, store, cursor, 50, listed)
	for id, times := range listed {
		if _, err := fmt.Sscanf(id, "session-%d", new(int)); err == nil && times == 0 {
			t.Errorf("%s was not listed", id)
		}
	}
}

// replicated returns when a master's replica has all that was written so far.
func replicated(t *testing.T, master *goredis.Client, key string) {
	t.Helper()
	pipe := master.Pipeline()
	pipe.Set(t.Context(), key, "x", time.Minute)
	replicas := pipe.Do(t.Context(), "wait", 1, 10_000)
	if _, err := pipe.Exec(t.Context()); err != nil || fmt.Sprint(replicas.Val()) != "1" {
		t.Fatalf("%v replicas: %v", replicas.Val(), err)
	}
}

// keyOn returns an ID whose key lies in a slot.
func keyOn(prefix string, slot int) string {
	for n := 0; ; n++ {
		if id := fmt.Sprint("on", n); int(crc16(prefix+id))%slots == slot {
			return id
		}
	}
}

// acks remembers which saves were acknowledged, and when.
type acks struct {
	store *Store
	mu    sync.Mutex
	at    map[string]time.Time
}

func newAcks(store *Store) *acks { return &acks{store: store, at: map[string]time.Time{}} }

// write saves sessions from several goroutines until stop is called, and goes on after failures.
func (a *acks) write(t *testing.T, writers int) (stop func()) {
	var all sync.WaitGroup
	done := make(chan struct{})
	for w := range writers {
		all.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-done:
					return
				default:
				}
				id := fmt.Sprintf("w%d-%d", w, n)
				if err := a.store.Save(t.Context(), id, []byte(id), time.Now().Add(time.Hour)); err == nil {
					a.mu.Lock()
					a.at[id] = time.Now()
					a.mu.Unlock()
				}
			}
		})
	}
	return func() { close(done); all.Wait() }
}

func (a *acks) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.at)
}

func (a *acks) atLeast(n int) error {
	if got := a.count(); got < n {
		return fmt.Errorf("%d writes so far", got)
	}
	return nil
}

// lost returns when the saves were acknowledged that cannot be read.
func (a *acks) lost(t *testing.T) (when []time.Time) {
	t.Helper()
	var ids []string
	for id := range a.at {
		ids = append(ids, id)
	}
	var found map[string][]byte
	eventually(t, 10*time.Second, func() (err error) { // not every node knows yet
		found, err = a.store.LoadAll(t.Context(), ids)
		return err
	})
	for id, at := range a.at {
		if string(found[id]) != id {
			when = append(when, at)
		}
	}
	return when
}

func TestSentinelFailover(t *testing.T) {
	t.Parallel()
	s := testserver.StartSentinel(t)
	store := openStore(t, s.Sentinel.URL(), newPrefix())
	listed := many(t, store, 300)
	replicated(t, store.client.(*goredis.Client), "replicated")
	s.Master.Kill(t)
	if _, err := store.Load(t.Context(), "session-1"); err == nil {
		t.Error("Load from a master that is down: no error")
	}
	back := eventually(t, 30*time.Second, func() error {
		return store.Save(t.Context(), "s1", []byte("one"), time.Now().Add(time.Hour))
	})
	t.Logf("writes are back after %v", back)
	wantLoad(t, store, "s1", "one")
	rest(t, store, "", 0, listed)
	delete(listed, "s1")
	wantAllListed(t, listed, 300)
	if err := store.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}
