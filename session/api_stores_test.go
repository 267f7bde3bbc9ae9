package session_test

import (
	"context"
	"database/sql"
	"reflect"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

var (
	_ func(string) (session.SessionStore, error) = session.ParseStoreURL

	_ func(...session.MemoryStoreOption) *session.MemoryStore = session.NewMemoryStore
	_ func(time.Duration) session.MemoryStoreOption           = session.WithCleanupInterval
	_ func(*session.MemoryStore) int                          = (*session.MemoryStore).Count

	_ func(session.RedisClient, ...session.RedisStoreOption) *session.RedisStore = session.NewRedisStore
	_ func(string) session.RedisStoreOption                                      = session.WithRedisPrefix
	_ func(*session.RedisStore) string                                           = (*session.RedisStore).Prefix

	_ func(*sql.DB, ...session.SQLStoreOption) *session.SQLStore = session.NewSQLStore
	_ func(time.Duration) session.SQLStoreOption                 = session.WithSQLCleanupInterval
	_ func(session.SQLDialect) session.SQLStoreOption            = session.WithSQLDialect
	_ func(string) session.SQLStoreOption                        = session.WithSQLTableName
	_ func(*session.SQLStore, context.Context) error             = (*session.SQLStore).CreateTable
)

// Every store of the page saves batches, atomically too.
type pageStore interface {
	session.SessionStore
	session.AtomicKVStore
}

var (
	_ pageStore = (*session.MemoryStore)(nil)
	_ pageStore = (*session.RedisStore)(nil)
	_ pageStore = (*session.SQLStore)(nil)
)

type (
	redisErr    = interface{ Err() error }
	redisString = interface {
		Bytes() ([]byte, error)
		Err() error
	}
	redisPipe = interface {
		Set(ctx context.Context, key string, value interface{}, expiration time.Duration) session.RedisStatusCmd
		Exec(ctx context.Context) ([]interface{}, error)
	}
	redisClient = interface {
		Set(ctx context.Context, key string, value interface{}, expiration time.Duration) session.RedisStatusCmd
		Get(ctx context.Context, key string) session.RedisStringCmd
		Del(ctx context.Context, keys ...string) session.RedisIntCmd
		Expire(ctx context.Context, key string, expiration time.Duration) session.RedisBoolCmd
		Pipeline() session.RedisPipeliner
		TxPipeline() session.RedisPipeliner
		Close() error
	}
)

var (
	_ redisErr               = session.RedisStatusCmd(nil)
	_ session.RedisStatusCmd = redisErr(nil)
	_ redisErr               = session.RedisIntCmd(nil)
	_ session.RedisIntCmd    = redisErr(nil)
	_ redisErr               = session.RedisBoolCmd(nil)
	_ session.RedisBoolCmd   = redisErr(nil)
	_ redisString            = session.RedisStringCmd(nil)
	_ session.RedisStringCmd = redisString(nil)
	_ redisPipe              = session.RedisPipeliner(nil)
	_ session.RedisPipeliner = redisPipe(nil)
	_ redisClient            = session.RedisClient(nil)
	_ session.RedisClient    = redisClient(nil)
)

func TestAPIDialects(t *testing.T) {
	if reflect.TypeFor[session.SQLDialect]().Kind() != reflect.Int {
		t.Error("SQLDialect is no int")
	}
	for i, d := range []session.SQLDialect{session.DialectPostgreSQL, session.DialectMySQL, session.DialectSQLite} {
		if int(d) != i {
			t.Errorf("dialect %d has the value %d", i, d)
		}
	}
}

func TestAPIStoreOptions(t *testing.T) {
	for typ, want := range map[reflect.Type]string{
		reflect.TypeFor[session.MemoryStoreOption](): "memoryStoreConfig",
		reflect.TypeFor[session.RedisStoreOption]():  "redisStoreConfig",
		reflect.TypeFor[session.SQLStoreOption]():    "sqlStoreConfig",
	} {
		if typ.Kind() != reflect.Func || typ.NumIn() != 1 || typ.NumOut() != 0 || typ.In(0).Elem().Name() != want {
			t.Errorf("%v is %v, want a func(*%s)", typ, typ.Kind(), want)
		}
	}
}

func TestAPIRedis(t *testing.T) {
	if got := session.ErrRedisNil.Error(); got != "redis: nil" {
		t.Errorf("ErrRedisNil = %q", got)
	}
	store := session.NewRedisStore(nil)
	if got := store.Prefix(); got != "vango:session:" {
		t.Errorf("the default prefix is %q", got)
	}
	if err := store.Close(); err != nil {
		t.Error(err)
	}
}
