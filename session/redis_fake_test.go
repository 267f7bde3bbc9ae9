package session_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/limpet-go/limpet/session"
)

// fakeRedis is a RedisClient in memory that records its commands and fails them as a test says. Like the page's
// interface it has neither PExpire nor a Del for pipelines; fullRedis has both.
type fakeRedis struct {
	// fail, when set, may fail a command before it has any effect: "SET key", "EXEC", ...
	fail func(command string) error

	mu       sync.Mutex
	keys     map[string]fakeValue
	commands []string
	closed   int
}

type fakeValue struct {
	data []byte
	ends time.Time
}

type fakeResult struct {
	data []byte
	err  error
}

func (r *fakeResult) Err() error             { return r.err }
func (r *fakeResult) Bytes() ([]byte, error) { return r.data, r.err }

// do records a command and runs it unless it is to fail.
func (f *fakeRedis) do(ctx context.Context, command string, run func() *fakeResult) *fakeResult {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.doLocked(ctx, command, run)
}

func (f *fakeRedis) doLocked(ctx context.Context, command string, run func() *fakeResult) *fakeResult {
	if err := ctx.Err(); err != nil {
		return &fakeResult{err: err}
	}
	if _, ok := ctx.Deadline(); !ok {
		return &fakeResult{err: errors.New("a call without a deadline")}
	}
	f.commands = append(f.commands, command)
	if f.fail != nil {
		if err := f.fail(command); err != nil {
			return &fakeResult{err: err}
		}
	}
	return run()
}

func (f *fakeRedis) said() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.commands...)
}

func (f *fakeRedis) set(key string, value interface{}, life time.Duration) func() *fakeResult {
	data, ok := value.([]byte)
	return func() *fakeResult {
		if !ok || data == nil || life <= 0 || life%time.Millisecond != 0 {
			return &fakeResult{err: fmt.Errorf("bad SET: a %T that lives %v", value, life)}
		}
		if f.keys == nil {
			f.keys = map[string]fakeValue{}
		}
		f.keys[key] = fakeValue{data: append([]byte{}, data...), ends: time.Now().Add(life)}
		return &fakeResult{}
	}
}

func (f *fakeRedis) del(keys []string) func() *fakeResult {
	return func() *fakeResult {
		for _, key := range keys {
			delete(f.keys, key)
		}
		return &fakeResult{}
	}
}

func (f *fakeRedis) get(key string) *fakeResult {
	v, ok := f.keys[key]
	if !ok || !time.Now().Before(v.ends) {
		return &fakeResult{err: session.ErrRedisNil}
	}
	return &fakeResult{data: v.data}
}

func (f *fakeRedis) expire(key string, life time.Duration) *fakeResult {
	if v, ok := f.keys[key]; ok && time.Now().Before(v.ends) {
		f.keys[key] = fakeValue{data: v.data, ends: time.Now().Add(life)}
	}
	return &fakeResult{}
}

func (f *fakeRedis) Set(ctx context.Context, key string, value interface{}, life time.Duration) session.RedisStatusCmd {
	return f.do(ctx, fmt.Sprint("SET ", key, " ", life), f.set(key, value, life))
}

func (f *fakeRedis) Get(ctx context.Context, key string) session.RedisStringCmd {
	return f.do(ctx, "GET "+key, func() *fakeResult { return f.get(key) })
}

func (f *fakeRedis) Del(ctx context.Context, keys ...string) session.RedisIntCmd {
	return f.do(ctx, "DEL "+strings.Join(keys, " "), f.del(keys))
}

func (f *fakeRedis) Expire(ctx context.Context, key string, life time.Duration) session.RedisBoolCmd {
	return f.do(ctx, fmt.Sprint("EXPIRE ", key, " ", life), func() *fakeResult { return f.expire(key, life) })
}

func (f *fakeRedis) Pipeline() session.RedisPipeliner { return &fakePipeline{redis: f, name: "EXEC"} }
func (f *fakeRedis) TxPipeline() session.RedisPipeliner {
	return &fakePipeline{redis: f, name: "MULTI"}
}

func (f *fakeRedis) Close() error {
	f.closed++
	return nil
}

// fakePipeline runs its commands in Exec; one named MULTI runs all or none.
type fakePipeline struct {
	redis   *fakeRedis
	name    string
	queue   []func(ctx context.Context) error
	results []*fakeResult
}

func (p *fakePipeline) add(command string, run func() *fakeResult) *fakeResult {
	result := &fakeResult{err: errors.New("read before Exec")}
	p.results = append(p.results, result)
	p.queue = append(p.queue, func(ctx context.Context) error {
		*result = *p.redis.doLocked(ctx, command, run)
		return result.err
	})
	return result
}

func (p *fakePipeline) Set(_ context.Context, key string, value interface{}, life time.Duration) session.RedisStatusCmd {
	return p.add(fmt.Sprint("SET ", key, " ", life), p.redis.set(key, value, life))
}

func (p *fakePipeline) Exec(ctx context.Context) ([]interface{}, error) {
	p.redis.mu.Lock()
	defer p.redis.mu.Unlock()
	for _, r := range p.results {
		r.err = nil
	}
	if r := p.redis.doLocked(ctx, p.name, func() *fakeResult { return &fakeResult{} }); r.err != nil {
		return nil, r.err
	}
	var first error
	for _, run := range p.queue {
		if err := run(ctx); err != nil && first == nil {
			first = err
		}
	}
	return nil, first
}

// fullRedis has the optional capabilities too.
type fullRedis struct{ *fakeRedis }

func (f fullRedis) PExpire(ctx context.Context, key string, life time.Duration) session.RedisBoolCmd {
	return f.do(ctx, fmt.Sprint("PEXPIRE ", key, " ", life), func() *fakeResult { return f.expire(key, life) })
}

func (f fullRedis) Pipeline() session.RedisPipeliner {
	return fullPipeline{&fakePipeline{redis: f.fakeRedis, name: "EXEC"}}
}

func (f fullRedis) TxPipeline() session.RedisPipeliner {
	return fullPipeline{&fakePipeline{redis: f.fakeRedis, name: "MULTI"}}
}

type fullPipeline struct{ *fakePipeline }

func (p fullPipeline) Del(_ context.Context, keys ...string) session.RedisIntCmd {
	return p.add("DEL "+strings.Join(keys, " "), p.redis.del(keys))
}
