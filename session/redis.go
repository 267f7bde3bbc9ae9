package session

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

const (
	defaultRedisPrefix = "vango:session:"

	// redisCallTimeout is the deadline of calls whose context has none.
	redisCallTimeout = 30 * time.Second
)

// RedisStore is a SessionStore in Redis, for several servers that share their sessions. Each session is one key, the
// prefix followed by the ID, whose expiry is Redis' own.
//
// Expiry follows the Redis server's clock, in milliseconds; Touch rounds it up to a second when the client has no
// PExpire. A call whose context has no deadline gets one of 30 seconds. The store retries nothing: a write that
// failed because its context ended, or the connection broke, may have happened all the same.
//
// It is safe for concurrent use. A nil or zero RedisStore behaves as a closed one.
type RedisStore struct {
	open       atomic.Bool
	client     RedisClient
	prefix     string
	maxBytes   int
	ownsClient bool
}

// RedisStoreOption is an option of NewRedisStore.
type RedisStoreOption func(*redisStoreConfig)

type redisStoreConfig struct {
	prefix     string
	maxBytes   int
	ownsClient bool
}

// WithRedisPrefix sets what stands before the ID in a session's key. The default is "vango:session:".
func WithRedisPrefix(prefix string) RedisStoreOption {
	return func(c *redisStoreConfig) { c.prefix = prefix }
}

// WithRedisMaxBytes sets how large the data of one session may be, in bytes. Zero is the default,
// DefaultMaxSessionBytes; negative is no limit but Redis' own.
func WithRedisMaxBytes(n int) RedisStoreOption {
	return func(c *redisStoreConfig) { c.maxBytes = n }
}

// WithRedisOwnedClient hands the client over to the store: the store's Close closes it. It is for code that opens a
// client only to keep sessions with it, such as the drivers.
func WithRedisOwnedClient() RedisStoreOption {
	return func(c *redisStoreConfig) { c.ownsClient = true }
}

// NewRedisStore returns a store on client. It never fails and does no I/O: a nil client is the error of every method.
func NewRedisStore(client RedisClient, opts ...RedisStoreOption) *RedisStore {
	c := redisStoreConfig{prefix: defaultRedisPrefix}
	for _, opt := range opts {
		if opt != nil {
			opt(&c)
		}
	}
	r := &RedisStore{client: client, prefix: c.prefix, maxBytes: maxSessionBytes(c.maxBytes), ownsClient: c.ownsClient}
	r.open.Store(true)
	return r
}

// Prefix returns what stands before the ID in a session's key.
func (r *RedisStore) Prefix() string { return r.prefix }

// Save writes data until expiresAt. See SessionStore for the contract.
func (r *RedisStore) Save(ctx context.Context, sessionID string, data []byte, expiresAt time.Time) error {
	ctx, done, err := r.begin(ctx)
	if err != nil {
		return err
	}
	defer done()
	if err := checkSave(sessionID, data, r.maxBytes); err != nil {
		return err
	}
	left := redisLeft(expiresAt)
	if left <= 0 {
		return r.failed("save", r.client.Del(ctx, r.key(sessionID)).Err())
	}
	return r.failed("save", r.client.Set(ctx, r.key(sessionID), redisValue(data), left).Err())
}

// Load returns a copy of a session's data, or nil and no error when it is missing or has expired.
func (r *RedisStore) Load(ctx context.Context, sessionID string) ([]byte, error) {
	ctx, done, err := r.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	if !validID(sessionID) {
		return nil, nil
	}
	data, err := r.client.Get(ctx, r.key(sessionID)).Bytes()
	if isRedisNil(err) {
		return nil, nil
	}
	if err != nil {
		return nil, r.failed("load", err)
	}
	return append([]byte{}, data...), nil
}

// Delete removes a session; removing a missing one is not an error.
func (r *RedisStore) Delete(ctx context.Context, sessionID string) error {
	ctx, done, err := r.begin(ctx)
	if err != nil {
		return err
	}
	defer done()
	if !validID(sessionID) {
		return nil
	}
	return r.failed("delete", r.client.Del(ctx, r.key(sessionID)).Err())
}

// Touch moves the expiry of a live session. A past expiresAt removes it.
func (r *RedisStore) Touch(ctx context.Context, sessionID string, expiresAt time.Time) error {
	ctx, done, err := r.begin(ctx)
	if err != nil {
		return err
	}
	defer done()
	if !validID(sessionID) {
		return nil
	}
	key, left := r.key(sessionID), redisLeft(expiresAt)
	if left <= 0 {
		return r.failed("touch", r.client.Del(ctx, key).Err())
	}
	if c, ok := r.client.(RedisPExpirer); ok {
		return r.failed("touch", c.PExpire(ctx, key, left).Err())
	}
	return r.failed("touch", r.client.Expire(ctx, key, roundUp(left, time.Second)).Err())
}

// Close marks the store as closed. It closes the client only if it was handed over with WithRedisOwnedClient. A repeat
// does nothing.
func (r *RedisStore) Close() error {
	if r == nil || !r.open.Swap(false) || !r.ownsClient || r.client == nil {
		return nil
	}
	if err := r.client.Close(); err != nil {
		return fmt.Errorf("session: close redis store: %w", err)
	}
	return nil
}

// begin opens every call: it refuses those the store cannot serve and gives the others a deadline.
func (r *RedisStore) begin(ctx context.Context) (context.Context, context.CancelFunc, error) {
	if r == nil || !r.open.Load() {
		return nil, nil, ErrStoreClosed{}
	}
	if r.client == nil {
		return nil, nil, errors.New("session: redis store: nil client")
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, fmt.Errorf("session: redis store: %w", err)
	}
	if _, ok := ctx.Deadline(); ok {
		return ctx, func() {}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, redisCallTimeout)
	return ctx, cancel, nil
}

// failed wraps the error of a call. A call that Close overtook says so.
func (r *RedisStore) failed(what string, err error) error {
	if err == nil {
		return nil
	}
	if !r.open.Load() {
		return ErrStoreClosed{}
	}
	return fmt.Errorf("session: %s: %w", what, err)
}

func (r *RedisStore) key(id string) string { return r.prefix + id }

// redisLeft is how long a session has to live, in whole milliseconds, or at most zero when it has expired.
func redisLeft(expiresAt time.Time) time.Duration {
	return roundUp(time.Until(expiresAt), time.Millisecond)
}

// roundUp returns d as a multiple of unit, the largest one if the next is out of range.
func roundUp(d, unit time.Duration) time.Duration {
	down := d.Truncate(unit)
	if d > down && down+unit > 0 {
		return down + unit
	}
	return down
}

// redisValue is never nil, which clients do not take for a value.
func redisValue(data []byte) []byte {
	if data == nil {
		return []byte{}
	}
	return data
}

var _ interface {
	SessionStore
	AtomicKVStore
} = (*RedisStore)(nil)
