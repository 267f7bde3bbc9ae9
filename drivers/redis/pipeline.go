package redis

import (
	"context"

	goredis "github.com/redis/go-redis/v9"
)

// pipelineLength is how many commands go together: few enough that other callers' commands get in between.
const pipelineLength = 256

// send sends commands together; a Cluster's client splits them by node. It returns the first failure. When it has one,
// a command without an error of its own was answered.
func send(ctx context.Context, client goredis.UniversalClient, cmds []goredis.Cmder) error {
	pipe := client.Pipeline()
	_ = pipe.BatchProcess(ctx, cmds...)
	_, err := pipe.Exec(ctx)
	none := true
	for _, cmd := range cmds {
		if isFailure(cmd.Err()) {
			return told(ctx, cmd.Err())
		}
		none = none && cmd.Err() == nil
	}
	if none && isFailure(err) {
		for _, cmd := range cmds {
			cmd.SetErr(err)
		}
		return told(ctx, err)
	}
	return nil
}

// isFailure tells an error from the answer that there is no such key. That answer is redis.Nil itself: an error that has
// it somewhere in its chain is a failure, such as that of a Sentinel which does not know the master.
func isFailure(err error) bool { return err != nil && err != goredis.Nil }
