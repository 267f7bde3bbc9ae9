package redis

import (
	"context"
	"time"

	goredis "github.com/redis/go-redis/v9"
)

// The commands below are writes. They say of themselves that they must not be sent again after a failure, which go-redis
// honours whatever retries its client is set to: a write whose first attempt had an unknown outcome could otherwise
// overtake what another node wrote in between. Redirections of a Cluster are followed all the same, since a node that
// redirects has done nothing.

type statusCmd struct {
	*goredis.StatusCmd
	ctx context.Context
}

func (statusCmd) NoRetry() bool { return true }

// Err returns the command's error, as told tells it.
func (c statusCmd) Err() error { return told(c.ctx, c.StatusCmd.Err()) }

type intCmd struct {
	*goredis.IntCmd
	ctx context.Context
}

func (intCmd) NoRetry() bool { return true }

// Err returns the command's error, as told tells it.
func (c intCmd) Err() error { return told(c.ctx, c.IntCmd.Err()) }

type boolCmd struct {
	*goredis.BoolCmd
	ctx context.Context
}

func (boolCmd) NoRetry() bool { return true }

// Err returns the command's error, as told tells it.
func (c boolCmd) Err() error { return told(c.ctx, c.BoolCmd.Err()) }

// stringCmd is a read, which may be repeated.
type stringCmd struct {
	*goredis.StringCmd
	ctx context.Context
}

// Err returns the command's error, as told tells it.
func (c stringCmd) Err() error { return told(c.ctx, c.StringCmd.Err()) }

// Bytes returns the value, with the error of Err.
func (c stringCmd) Bytes() ([]byte, error) {
	data, err := c.StringCmd.Bytes()
	return data, told(c.ctx, err)
}

// setCmd saves a value for a time in milliseconds.
func setCmd(ctx context.Context, key string, value any, life time.Duration) statusCmd {
	return statusCmd{goredis.NewStatusCmd(ctx, "set", key, value, "px", life.Milliseconds()), ctx}
}

func delCmd(ctx context.Context, keys ...string) intCmd {
	args := make([]any, 0, 1+len(keys))
	args = append(args, "del")
	for _, key := range keys {
		args = append(args, key)
	}
	return intCmd{goredis.NewIntCmd(ctx, args...), ctx}
}

func expireCmd(ctx context.Context, key string, life time.Duration) boolCmd {
	return boolCmd{goredis.NewBoolCmd(ctx, "expire", key, int64(life/time.Second)), ctx}
}

func pexpireCmd(ctx context.Context, key string, life time.Duration) boolCmd {
	return boolCmd{goredis.NewBoolCmd(ctx, "pexpire", key, life.Milliseconds()), ctx}
}

// lengthenCmd is pexpireCmd for a key that would live less long. It needs Redis 7.
func lengthenCmd(ctx context.Context, key string, life time.Duration) boolCmd {
	return boolCmd{goredis.NewBoolCmd(ctx, "pexpire", key, life.Milliseconds(), "gt"), ctx}
}
