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
	"github.com/limpet-go/limpet/session/storetest"
)

func TestRedisStoreKeepsTheContract(t *testing.T) {
	for name, client := range map[string]func() session.RedisClient{
		"bare client": func() session.RedisClient { return &fakeRedis{} },
		"full client": func() session.RedisClient { return fullRedis{&fakeRedis{}} },
	} {
		precision := time.Duration(0)
		if name == "bare client" {
			precision = time.Second
		}
		t.Run(name, func(t *testing.T) {
			open := func(*testing.T) session.SessionStore { return session.NewRedisStore(client()) }
			storetest.Run(t, open, storetest.Options{Atomic: true, VirtualTime: true, TouchPrecision: precision})
		})
	}
}

func TestRedisCommands(t *testing.T) {
	for name, want := range map[string][]string{
		"bare": {"SET p:s 1m0s", "SET p:s 1ms", "DEL p:s", "EXPIRE p:s 2s", "DEL p:s", "GET p:s", "DEL p:s"},
		"full": {"SET p:s 1m0s", "SET p:s 1ms", "DEL p:s", "PEXPIRE p:s 1.001s", "DEL p:s", "GET p:s", "DEL p:s"},
	} {
		synctest.Test(t, func(t *testing.T) {
			fake := &fakeRedis{}
			var client session.RedisClient = fake
			if name == "full" {
				client = fullRedis{fake}
			}
			s := session.NewRedisStore(client, session.WithRedisPrefix("p:"), nil)
			ctx, now := t.Context(), time.Now()
			_, loadErr := s.Load(ctx, "missing\x00")
			err := errors.Join(loadErr,
				s.Save(ctx, "s", nil, now.Add(time.Minute)), s.Save(ctx, "s", nil, now.Add(1)), s.Save(ctx, "s", nil, now),
				s.Touch(ctx, "s", now.Add(time.Second+time.Microsecond)), s.Touch(ctx, "s", now))
			_, loadErr = s.Load(ctx, "s")
			if err = errors.Join(err, loadErr, s.Delete(ctx, "s")); err != nil {
				t.Fatal(err)
			}
			if got := fake.said(); !slices.Equal(got, want) {
				t.Errorf("%s: commands %q, want %q", name, got, want)
			}
		})
	}
}

func TestRedisMissIsRecognised(t *testing.T) {
	foreign := errors.New("redis: nil") // go-redis' redis.Nil, which this package cannot name
	for what, c := range map[string]struct {
		err  error
		miss bool
	}{
		"ours":        {session.ErrRedisNil, true},
		"wrapped":     {fmt.Errorf("get: %w", session.ErrRedisNil), true},
		"foreign":     {foreign, true},
		"deep":        {fmt.Errorf("a: %w", fmt.Errorf("b: %w", foreign)), true},
		"joined":      {errors.Join(errors.New("hook"), fmt.Errorf("get: %w", foreign)), true},
		"by Is":       {nilByIs{}, true},
		"outage":      {errors.New("connection refused"), false},
		"only quoted": {errors.New("no redis: nil here"), false},
	} {
		fake := &fakeRedis{fail: func(string) error { return c.err }}
		data, err := session.NewRedisStore(fake).Load(t.Context(), "s")
		if data != nil || (err == nil) != c.miss {
			t.Errorf("%s: %v, %v", what, data, err)
		}
	}
}

type nilByIs struct{}

func (nilByIs) Error() string        { return "gone" }
func (nilByIs) Is(target error) bool { return target == session.ErrRedisNil }

func TestRedisFailuresAreReported(t *testing.T) {
	down := errors.New("connection refused")
	s := session.NewRedisStore(&fakeRedis{fail: func(string) error { return down }})
	for call, err := range everyRedisCall(t.Context(), s) {
		if !errors.Is(err, down) || strings.Contains(err.Error(), "secret-id") {
			t.Errorf("%s: %v", call, err)
		}
	}
}

// everyRedisCall makes one call of each method and returns their errors.
func everyRedisCall(ctx context.Context, s *session.RedisStore) map[string]error {
	const id = "secret-id"
	later := time.Now().Add(time.Hour)
	batch := map[string]session.SessionData{id: {ExpiresAt: later}}
	_, loadErr := s.Load(ctx, id)
	return map[string]error{
		"Load": loadErr, "Save": s.Save(ctx, id, nil, later), "Save past": s.Save(ctx, id, nil, time.Time{}),
		"Touch": s.Touch(ctx, id, later), "Touch past": s.Touch(ctx, id, time.Time{}), "Delete": s.Delete(ctx, id),
		"SaveAll": s.SaveAll(ctx, batch), "SaveAllAtomic": s.SaveAllAtomic(ctx, batch),
	}
}

func TestRedisStoreWithoutClient(t *testing.T) {
	s := session.NewRedisStore(nil, session.WithRedisOwnedClient())
	if s.Prefix() != "vango:session:" {
		t.Errorf("prefix %q", s.Prefix())
	}
	for call, err := range everyRedisCall(t.Context(), s) {
		if err == nil || !strings.Contains(err.Error(), "nil client") {
			t.Errorf("%s: %v", call, err)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	for _, s := range []*session.RedisStore{s, nil, {}} {
		for call, err := range everyRedisCall(t.Context(), s) {
			if err != (session.ErrStoreClosed{}) {
				t.Errorf("%s of a closed store: %v", call, err)
			}
		}
	}
}

func TestRedisCloseClosesOnlyItsOwnClient(t *testing.T) {
	shared, owned := &fakeRedis{}, &fakeRedis{}
	for _, s := range []*session.RedisStore{
		session.NewRedisStore(shared), session.NewRedisStore(owned, session.WithRedisOwnedClient()),
	} {
		if err := errors.Join(s.Close(), s.Close()); err != nil {
			t.Error(err)
		}
	}
	if shared.closed != 0 || owned.closed != 1 {
		t.Errorf("the shared client was closed %d times, the owned one %d times", shared.closed, owned.closed)
	}
}
