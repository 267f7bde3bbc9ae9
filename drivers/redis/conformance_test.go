package redis

import (
	"context"
	"crypto/rand"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/limpet-go/limpet/internal/testserver"
	"github.com/limpet-go/limpet/session"
	"github.com/limpet-go/limpet/session/storetest"
)

func TestStoreKeepsTheContract(t *testing.T) {
	t.Parallel()
	o := options(testserver.Redis)
	o.Server = openOnServer
	storetest.Run(t, opener(testserver.Redis), o)
}

func TestStoreOnClusterKeepsTheContract(t *testing.T) {
	t.Parallel()
	storetest.Run(t, opener(testserver.RedisCluster), options(testserver.RedisCluster))
}

// The contract holds on a client that has no more methods than session.RedisClient asks for.
func TestStoreOnBareClientKeepsTheContract(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) session.SessionStore {
		client := newTestClient(t, testserver.Redis(t))
		return session.NewRedisStore(bareClient{Adapt(client)}, session.WithRedisPrefix(newPrefix()))
	}, storetest.Options{Atomic: true, TouchPrecision: time.Second})
}

func options(server func(testing.TB) string) storetest.Options {
	return storetest.Options{
		Atomic: true, Batch: true, Scan: true, Ping: true, Users: true,
		IO: func(store session.SessionStore) int64 { return store.(counted).sent.Load() },
		Clients: func(t *testing.T, n int) []session.SessionStore {
			prefix := newPrefix()
			var clients []session.SessionStore
			for range n {
				clients = append(clients, count(openStore(t, server(t), prefix)))
			}
			return clients
		},
	}
}

func opener(server func(testing.TB) string) func(t *testing.T) session.SessionStore {
	return func(t *testing.T) session.SessionStore { return count(openStore(t, server(t), newPrefix())) }
}

// counted is a store that counts the commands it sends.
type counted struct {
	*Store
	sent *atomic.Int64
}

func count(store *Store) counted {
	c := counted{store, new(atomic.Int64)}
	store.client.AddHook(counter{c.sent})
	return c
}

type counter struct{ sent *atomic.Int64 }

func (c counter) DialHook(next goredis.DialHook) goredis.DialHook { return next }

func (c counter) ProcessHook(next goredis.ProcessHook) goredis.ProcessHook {
	return func(ctx context.Context, cmd goredis.Cmder) error {
		c.sent.Add(1)
		return next(ctx, cmd)
	}
}

func (c counter) ProcessPipelineHook(next goredis.ProcessPipelineHook) goredis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []goredis.Cmder) error {
		c.sent.Add(int64(len(cmds)))
		return next(ctx, cmds)
	}
}

// newPrefix keeps a store apart from all others on its server. It is full of what is special in patterns.
func newPrefix() string { return `t*[a-z]?\` + rand.Text() + ":" }

func openStore(t testing.TB, server, prefix string) *Store {
	t.Helper()
	return mustOpen(t, withParam(t, server, "prefix", prefix))
}

func withParam(t testing.TB, raw, name, value string) string {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set(name, value)
	u.RawQuery = q.Encode()
	return u.String()
}

// newTestClient is a client as Open makes it, that is closed at the end of the test.
func newTestClient(t testing.TB, raw string) goredis.UniversalClient {
	t.Helper()
	client := newClient(parsedFrom(t, raw))
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
	return client
}

func parsedFrom(t testing.TB, raw string) config {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	c, err := parse(u)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// bareClient hides the optional capabilities of what Adapt returns.
type bareClient struct{ session.RedisClient }

func (c bareClient) Pipeline() session.RedisPipeliner {
	return barePipeline{c.RedisClient.Pipeline()}
}

func (c bareClient) TxPipeline() session.RedisPipeliner {
	return barePipeline{c.RedisClient.TxPipeline()}
}

type barePipeline struct{ session.RedisPipeliner }
