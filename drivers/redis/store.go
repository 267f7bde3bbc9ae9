package redis

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/limpet-go/limpet/session"
)

// callTimeout is the deadline of calls whose context has none, as in session.RedisStore.
const callTimeout = 30 * time.Second

// Store is a session.RedisStore on a go-redis client, and has every optional capability beside: session.BatchStore,
// session.Scanner, session.Pinger and session.UserIndex. It is safe for concurrent use. A zero Store behaves as a closed
// one.
//
// Of what session.SessionStore says of contexts, a deadline ends a call in time, and a context that was cancelled before
// lets none begin. A cancellation while a call awaits an answer is honoured late: go-redis heeds deadlines only, so that
// the call returns when the answer is there or after the client's read timeout, three seconds unless set. Those who must
// return sooner give their calls deadlines.
type Store struct {
	*session.RedisStore
	client goredis.UniversalClient
	open   atomic.Bool
}

var _ interface {
	session.SessionStore
	session.AtomicKVStore
	session.BatchStore
	session.Scanner
	session.Pinger
	session.UserIndex
} = (*Store)(nil)

// New returns a store on a client, which stays its caller's unless session.WithRedisOwnedClient says otherwise. It never
// fails and does no I/O: a nil client is the error of every method. See Adapt for how the client should be set.
func New(client goredis.UniversalClient, opts ...session.RedisStoreOption) *Store {
	s := &Store{RedisStore: session.NewRedisStore(Adapt(client), opts...), client: client}
	s.open.Store(true)
	return s
}

// Close marks the store as closed. It closes the client only if the store owns it. A repeat does nothing.
func (s *Store) Close() error {
	if !s.open.Swap(false) {
		return nil
	}
	return s.RedisStore.Close()
}

// begin opens every call: it refuses those the store cannot serve and gives the others a deadline.
func (s *Store) begin(ctx context.Context) (context.Context, context.CancelFunc, error) {
	if !s.open.Load() {
		return nil, nil, session.ErrStoreClosed{}
	}
	if s.client == nil {
		return nil, nil, errors.New("redis: nil client")
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, fmt.Errorf("redis: %w", err)
	}
	if _, ok := ctx.Deadline(); ok {
		return ctx, func() {}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	return ctx, cancel, nil
}

// failed wraps the error of a call. A call that Close overtook says so.
func (s *Store) failed(ctx context.Context, what string, err error) error {
	if err == nil {
		return nil
	}
	if !s.open.Load() {
		return session.ErrStoreClosed{}
	}
	return fmt.Errorf("redis: %s: %w", what, told(ctx, err))
}

func (s *Store) key(id string) string { return s.Prefix() + id }

// validID reports whether id can name a session: 1 to 64 bytes of printable ASCII without the space.
func validID(id string) bool {
	if len(id) == 0 || len(id) > 64 {
		return false
	}
	for i := range len(id) {
		if id[i] < 0x21 || id[i] > 0x7e {
			return false
		}
	}
	return true
}

// left is how long a session has to live, in whole milliseconds and rounded up, or zero when it has expired.
func left(expiresAt time.Time) time.Duration {
	d := max(time.Until(expiresAt), 0)
	down := d.Truncate(time.Millisecond)
	if d > down && down+time.Millisecond > 0 {
		return down + time.Millisecond
	}
	return down
}
