package session_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpet-go/limpet/session"
)

func redisBatch(n int) (batch map[string]session.SessionData, ids []string) {
	batch = map[string]session.SessionData{}
	for i := range n {
		id := fmt.Sprintf("%05d", i)
		ids = append(ids, id)
		batch[id] = session.SessionData{Data: []byte(id), ExpiresAt: time.Now().Add(time.Hour)}
	}
	return batch, ids
}

func count(commands []string, prefix string) (n int) {
	for _, c := range commands {
		if strings.HasPrefix(c, prefix) {
			n++
		}
	}
	return n
}

func TestRedisSaveAllIsChunked(t *testing.T) {
	fake := &fakeRedis{}
	batch, ids := redisBatch(600)
	if err := session.NewRedisStore(fake).SaveAll(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	said := fake.said()
	if count(said, "EXEC") != 5 || count(said, "SET ") != 600 {
		t.Errorf("%d pipelines with %d SETs", count(said, "EXEC"), count(said, "SET "))
	}
	var saved []string
	for _, pipeline := range splitAt(said, "EXEC") {
		if len(pipeline) > 128 || !slices.IsSorted(pipeline) {
			t.Errorf("a pipeline of %d commands, in ID order: %v", len(pipeline), slices.IsSorted(pipeline))
		}
		saved = append(saved, pipeline...)
	}
	slices.Sort(saved)
	for i, command := range saved {
		if !strings.Contains(command, ids[i]) {
			t.Fatalf("command %d of 600 is %q", i, command)
		}
	}
}

// splitAt splits commands at those that begin a pipeline.
func splitAt(commands []string, begin string) (pipelines [][]string) {
	for _, c := range commands {
		if c == begin {
			pipelines = append(pipelines, nil)
		} else {
			pipelines[len(pipelines)-1] = append(pipelines[len(pipelines)-1], c)
		}
	}
	return pipelines
}

func TestRedisSaveAllSendsFourPipelinesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := &slowRedis{fakeRedis: &fakeRedis{}}
		batch, _ := redisBatch(9 * 128)
		begin := time.Now()
		if err := session.NewRedisStore(slow).SaveAll(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin); took != 3*time.Second || slow.most.Load() != 4 {
			t.Errorf("9 pipelines of a second each took %v, up to %d at once", took, slow.most.Load())
		}
	})
}

// A batch of one pipeline's length needs no second connection.
func TestRedisSaveAllOfASmallBatchIsOnePipeline(t *testing.T) {
	fake := &fakeRedis{}
	batch, _ := redisBatch(128)
	if err := session.NewRedisStore(fake).SaveAll(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	if n := count(fake.said(), "EXEC"); n != 1 {
		t.Errorf("%d pipelines", n)
	}
}

// slowRedis takes a second for each pipeline and counts those under way.
type slowRedis struct {
	*fakeRedis
	pipelines, now, most atomic.Int32
}

func (r *slowRedis) Pipeline() session.RedisPipeliner {
	r.pipelines.Add(1)
	return &slowPipeline{r.fakeRedis.Pipeline(), r}
}

type slowPipeline struct {
	session.RedisPipeliner
	redis *slowRedis
}

func (p *slowPipeline) Exec(ctx context.Context) ([]interface{}, error) {
	p.redis.most.Store(max(p.redis.most.Load(), p.redis.now.Add(1)))
	defer p.redis.now.Add(-1)
	time.Sleep(time.Second) // of the bubble's time
	return p.RedisPipeliner.Exec(ctx)
}

func TestRedisSaveAllChunksAreBoundedInBytes(t *testing.T) {
	fake := &fakeRedis{}
	batch, ids := redisBatch(9)
	for _, id := range ids {
		batch[id] = session.SessionData{Data: make([]byte, 1<<20), ExpiresAt: time.Now().Add(time.Hour)}
	}
	if err := session.NewRedisStore(fake).SaveAll(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	if n := count(fake.said(), "EXEC"); n != 3 {
		t.Errorf("%d pipelines for 9 MiB, want 3", n)
	}
}

// Exec may say nothing of a command that failed, or speak for one of them only.
func TestRedisSaveAllNamesWhatFailed(t *testing.T) {
	oom := errors.New("OOM command not allowed")
	for what, c := range map[string]struct {
		fail func(string) error
		want func(ids []string) []string
	}{
		"two commands": {
			func(c string) error {
				if strings.Contains(c, "00007") || strings.Contains(c, "00299") {
					return oom
				}
				return nil
			},
			func(ids []string) []string { return []string{ids[7], ids[299]} },
		},
		"every pipeline": {
			func(c string) error {
				if c == "EXEC" {
					return oom
				}
				return nil
			},
			func(ids []string) []string { return ids },
		},
	} {
		batch, ids := redisBatch(300)
		var notSaved *session.NotSavedError
		err := session.NewRedisStore(&fakeRedis{fail: c.fail}).SaveAll(t.Context(), batch)
		if !errors.Is(err, oom) || !errors.As(err, &notSaved) || !slices.Equal(notSaved.SessionIDs, c.want(ids)) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestRedisExpiredSessionsOfABatch(t *testing.T) {
	for name, c := range map[string]struct {
		client func(*fakeRedis) session.RedisClient
		all    []string
		atomic []string
	}{
		"bare": {
			func(f *fakeRedis) session.RedisClient { return f },
			[]string{"EXEC", "SET live 1h0m0s", "DEL gone"},
			[]string{"MULTI", "SET gone 1ms", "SET live 1h0m0s", "DEL gone"},
		},
		"full": {
			func(f *fakeRedis) session.RedisClient { return fullRedis{f} },
			[]string{"EXEC", "DEL gone", "SET live 1h0m0s"},
			[]string{"MULTI", "DEL gone", "SET live 1h0m0s"},
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			fake := &fakeRedis{}
			s := session.NewRedisStore(c.client(fake), session.WithRedisPrefix(""))
			batch := map[string]session.SessionData{"live": {ExpiresAt: time.Now().Add(time.Hour)}, "gone": {}}
			if err := errors.Join(s.SaveAll(t.Context(), batch), s.SaveAllAtomic(t.Context(), batch)); err != nil {
				t.Fatal(err)
			}
			if got := fake.said(); !slices.Equal(got, slices.Concat(c.all, c.atomic)) {
				t.Errorf("%s: commands %q", name, got)
			}
		})
	}
}

func TestRedisAtomicBatchIsOneTransaction(t *testing.T) {
	fake := &fakeRedis{}
	batch, _ := redisBatch(600)
	if err := session.NewRedisStore(fake).SaveAllAtomic(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	if said := fake.said(); count(said, "MULTI") != 1 || count(said, "EXEC") != 0 || count(said, "SET ") != 600 {
		t.Errorf("commands %q", said)
	}
}

func TestRedisAtomicBatchSurfacesCrossSlot(t *testing.T) {
	crossSlot := errors.New("CROSSSLOT Keys in request don't hash to the same slot")
	for what, fail := range map[string]func(string) error{
		"from Exec": func(c string) error {
			if c == "MULTI" {
				return crossSlot
			}
			return nil
		},
		"from a command": func(c string) error {
			if strings.Contains(c, "00002") {
				return crossSlot
			}
			return nil
		},
	} {
		batch, ids := redisBatch(3)
		var notSaved *session.NotSavedError
		err := session.NewRedisStore(&fakeRedis{fail: fail}).SaveAllAtomic(t.Context(), batch)
		if !errors.Is(err, crossSlot) || !errors.As(err, &notSaved) || !slices.Equal(notSaved.SessionIDs, ids) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestRedisSizeLimit(t *testing.T) {
	later := time.Now().Add(time.Hour)
	for _, c := range []struct{ limit, size, want int }{{0, 1<<20 + 1, 1 << 20}, {10, 11, 10}, {10, 10, 0}, {-1, 2 << 20, 0}} {
		s := session.NewRedisStore(&fakeRedis{}, session.WithRedisMaxBytes(c.limit))
		err := s.Save(t.Context(), "s", make([]byte, c.size), later)
		var tooLarge *session.SizeError
		if errors.As(err, &tooLarge) != (c.want > 0) || c.want > 0 && *tooLarge != (session.SizeError{Size: c.size, Limit: c.want}) {
			t.Errorf("limit %d, size %d: %v", c.limit, c.size, err)
		}
	}
}

// An outage is told once.
func TestRedisSaveAllOfAnOutage(t *testing.T) {
	down := errors.New("connection refused")
	fake := &fakeRedis{fail: func(string) error { return down }}
	batch, _ := redisBatch(600)
	if err := session.NewRedisStore(fake).SaveAll(t.Context(), batch); strings.Count(fmt.Sprint(err), down.Error()) != 1 {
		t.Errorf("SaveAll: %v", err)
	}
}

// Pipelines that were under way when the context ended may succeed or fail; no others are begun.
func TestRedisSaveAllEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		batch, _ := redisBatch(20 * 128)
		slow := &slowRedis{fakeRedis: &fakeRedis{fail: func(command string) error {
			if strings.Contains(command, "00127") {
				cancel() // and its pipeline succeeds
			}
			return nil
		}}}
		var notSaved *session.NotSavedError
		err := session.NewRedisStore(slow, session.WithRedisPrefix("")).SaveAll(ctx, batch)
		if !errors.Is(err, context.Canceled) || !errors.As(err, &notSaved) {
			t.Fatalf("SaveAll: %v", err)
		}
		for _, id := range notSaved.SessionIDs {
			if _, saved := slow.keys[id]; saved {
				t.Errorf("%s was saved", id)
			}
		}
		if saved := len(slow.keys); saved < 128 || saved+len(notSaved.SessionIDs) != len(batch) || slow.pipelines.Load() > 7 {
			t.Errorf("%d saved, %d not, in %d pipelines", saved, len(notSaved.SessionIDs), slow.pipelines.Load())
		}
	})
}
