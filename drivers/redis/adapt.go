package redis

import (
	"context"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/limpet-go/limpet/session"
)

// Adapt makes a go-redis client what session.NewRedisStore takes, with every optional capability of that interface. It
// is for code that wants the basic store; New returns one that can do more. A nil client stays nil.
//
// Of a missing key the client's error must be redis.Nil itself, as it is unless a hook wraps it: an error that has it in its
// chain is a failure, which go-redis returns when no Sentinel knows the master.
//
// Writes are sent once, whatever the client's own number of retries. The client should have ContextTimeoutEnabled,
// without which it does not heed deadlines while it waits for an answer.
func Adapt(client goredis.UniversalClient) session.RedisClient {
	if client == nil {
		return nil
	}
	return adapter{client}
}

type adapter struct{ client goredis.UniversalClient }

var _ interface {
	session.RedisClient
	session.RedisPExpirer
} = adapter{}

func (a adapter) Set(ctx context.Context, key string, value any, life time.Duration) session.RedisStatusCmd {
	cmd := setCmd(ctx, key, value, life)
	_ = a.client.Process(ctx, cmd)
	return cmd
}

func (a adapter) Get(ctx context.Context, key string) session.RedisStringCmd {
	return stringCmd{a.client.Get(ctx, key), ctx}
}

func (a adapter) Del(ctx context.Context, keys ...string) session.RedisIntCmd {
	cmd := delCmd(ctx, keys...)
	_ = a.client.Process(ctx, cmd)
	return cmd
}

func (a adapter) Expire(ctx context.Context, key string, life time.Duration) session.RedisBoolCmd {
	cmd := expireCmd(ctx, key, life)
	_ = a.client.Process(ctx, cmd)
	return cmd
}

func (a adapter) PExpire(ctx context.Context, key string, life time.Duration) session.RedisBoolCmd {
	cmd := pexpireCmd(ctx, key, life)
	_ = a.client.Process(ctx, cmd)
	return cmd
}

func (a adapter) Pipeline() session.RedisPipeliner { return pipeline{a.client.Pipeline()} }

func (a adapter) TxPipeline() session.RedisPipeliner { return pipeline{a.client.TxPipeline()} }

func (a adapter) Close() error { return a.client.Close() }

type pipeline struct{ pipe goredis.Pipeliner }

var _ session.RedisPipelineDeleter = pipeline{}

func (p pipeline) Set(ctx context.Context, key string, value any, life time.Duration) session.RedisStatusCmd {
	cmd := setCmd(ctx, key, value, life)
	_ = p.pipe.Process(ctx, cmd)
	return cmd
}

func (p pipeline) Del(ctx context.Context, keys ...string) session.RedisIntCmd {
	cmd := delCmd(ctx, keys...)
	_ = p.pipe.Process(ctx, cmd)
	return cmd
}

func (p pipeline) Exec(ctx context.Context) ([]any, error) {
	cmds, err := p.pipe.Exec(ctx)
	results := make([]any, len(cmds))
	for i, cmd := range cmds {
		results[i] = cmd
	}
	return results, told(ctx, err)
}
