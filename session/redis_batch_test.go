package session_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
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
	if count(said, "EXEC") != 3 || count(said, "SET ") != 600 {
		t.Errorf("%d pipelines with %d SETs", count(said, "EXEC"), count(said, "SET "))
	}
	said = slices.DeleteFunc(said, func(c string) bool { return c == "EXEC" })
	if !slices.IsSorted(said) || !strings.Contains(said[599], ids[599]) {
		t.Error("the commands are not in ID order")
	}
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

// An outage is told once, and once the context has ended nothing more is sent.
func TestRedisSaveAllOfAnOutage(t *testing.T) {
	down := errors.New("connection refused")
	fake := &fakeRedis{fail: func(string) error { return down }}
	batch, _ := redisBatch(600)
	if err := session.NewRedisStore(fake).SaveAll(t.Context(), batch); strings.Count(fmt.Sprint(err), down.Error()) != 1 {
		t.Errorf("SaveAll: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	fake = &fakeRedis{fail: func(command string) error {
		if strings.Contains(command, "00255") {
			cancel() // and the pipeline succeeds
		}
		return nil
	}}
	pipelines := 0
	s := session.NewRedisStore(countingRedis{fake, &pipelines})
	var notSaved *session.NotSavedError
	if err := s.SaveAll(ctx, batch); !errors.Is(err, context.Canceled) || !errors.As(err, &notSaved) || len(notSaved.SessionIDs) != 344 {
		t.Errorf("SaveAll: %v", err)
	}
	if pipelines != 1 {
		t.Errorf("%d pipelines, want 1", pipelines)
	}
}

type countingRedis struct {
	*fakeRedis
	pipelines *int
}

func (c countingRedis) Pipeline() session.RedisPipeliner {
	*c.pipelines++
	return c.fakeRedis.Pipeline()
}
