package session

import (
	"context"
	"errors"
	"time"
)

// ErrRedisNil says that a key does not exist. RedisStore recognises it anywhere in an error's chain, and as well any
// error there whose text is the same, which go-redis' redis.Nil has. A client must therefore not return a failure whose
// chain has either: go-redis itself does, when no Sentinel knows the master, which package drivers/redis sees to.
var ErrRedisNil = errors.New("redis: nil")

// RedisClient is what RedisStore needs of a client. The methods are those of go-redis, whose results have types of
// their own: package drivers/redis adapts its clients. Implementations must be safe for concurrent use, and must not
// keep a value they were given after the command, or Exec, has returned.
//
// A client that also has PExpire (see RedisPExpirer) keeps expiry to the millisecond in Touch too.
type RedisClient interface {
	// Set writes a value that lives for expiration, which is a positive number of whole milliseconds.
	Set(ctx context.Context, key string, value interface{}, expiration time.Duration) RedisStatusCmd
	// Get reads a value; of a missing key the error is ErrRedisNil.
	Get(ctx context.Context, key string) RedisStringCmd
	// Del removes keys. RedisStore names one at a time, since several may lie in different slots of a cluster.
	Del(ctx context.Context, keys ...string) RedisIntCmd
	// Expire sets how long an existing key lives, in whole seconds.
	Expire(ctx context.Context, key string, expiration time.Duration) RedisBoolCmd
	// Pipeline collects commands and sends them together.
	Pipeline() RedisPipeliner
	// TxPipeline is a Pipeline between MULTI and EXEC.
	TxPipeline() RedisPipeliner
	Close() error
}

// RedisPExpirer is the optional capability of a RedisClient to set an expiry in milliseconds.
type RedisPExpirer interface {
	// PExpire sets how long an existing key lives, in whole milliseconds.
	PExpire(ctx context.Context, key string, expiration time.Duration) RedisBoolCmd
}

// RedisPipeliner collects commands; none is sent before Exec, and the results are known after it. One that also has
// Del (see RedisPipelineDeleter) makes batches with sessions that have already expired atomic to readers.
type RedisPipeliner interface {
	Set(ctx context.Context, key string, value interface{}, expiration time.Duration) RedisStatusCmd
	Exec(ctx context.Context) ([]interface{}, error)
}

// RedisPipelineDeleter is the optional capability of a RedisPipeliner to remove a key.
type RedisPipelineDeleter interface {
	Del(ctx context.Context, keys ...string) RedisIntCmd
}

// RedisStatusCmd is the result of Set.
type RedisStatusCmd interface {
	Err() error
}

// RedisStringCmd is the result of Get.
type RedisStringCmd interface {
	Bytes() ([]byte, error)
	Err() error
}

// RedisIntCmd is the result of Del.
type RedisIntCmd interface {
	Err() error
}

// RedisBoolCmd is the result of Expire.
type RedisBoolCmd interface {
	Err() error
}

// isRedisNil looks along all branches of the chain. The text counts because this package cannot import go-redis to
// compare with its value.
func isRedisNil(err error) bool {
	if err == nil {
		return false
	}
	if err == ErrRedisNil || err.Error() == ErrRedisNil.Error() {
		return true
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		return isRedisNil(e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, branch := range e.Unwrap() {
			if isRedisNil(branch) {
				return true
			}
		}
	}
	return errors.Is(err, ErrRedisNil)
}
