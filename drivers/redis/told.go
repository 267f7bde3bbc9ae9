package redis

import (
	"context"
	"errors"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/limpet-go/limpet/session"
)

// told is what is told of an error that a client returned: a miss as it is, a failure so that nobody takes it for a miss,
// and one that is due to the context so that it matches the context's error. go-redis hands the deadline to the connection
// and reports what that said, and it learns of a cancellation only when a connection fails or times out. What a server
// answered is never due to the context. An error that was told once stays as it is.
func told(ctx context.Context, err error) error {
	if !isFailure(err) {
		return err
	}
	err = withoutMiss(err)
	var answer goredis.Error
	if errors.As(err, &answer) {
		return err
	}
	cause := ctx.Err()
	if deadline, ok := ctx.Deadline(); cause == nil && ok && !time.Now().Before(deadline) {
		cause = context.DeadlineExceeded
	}
	if cause == nil || errors.Is(err, cause) {
		return err
	}
	return endedError{cause: cause, err: err}
}

type endedError struct{ cause, err error }

func (e endedError) Error() string { return e.cause.Error() + ": " + e.err.Error() }

func (e endedError) Unwrap() []error { return []error{e.cause, e.err} }

// withoutMiss returns a failure that does not hold what stands for a missing key: go-redis wraps the answers of Sentinels,
// and session.RedisStore looks for that along the whole chain, by value and by text.
func withoutMiss(err error) error {
	text := err.Error()
	if !errors.Is(err, goredis.Nil) && !errors.Is(err, session.ErrRedisNil) && !strings.Contains(text, goredis.Nil.Error()) {
		return err
	}
	return failure(strings.ReplaceAll(text, goredis.Nil.Error(), "an empty answer"))
}

// failure is the text of an error whose chain must not be looked at.
type failure string

func (f failure) Error() string { return string(f) }
