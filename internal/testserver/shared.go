package testserver

import (
	"os"
	"sync"
	"testing"
)

var (
	sharedPostgres = share(func() (located, error) { return newPostgres() })
	sharedMySQL    = share(func() (located, error) { return newMySQL() })
	sharedRedis    = share(func() (located, error) { return newRedis() })
	sharedCluster  = share(func() (located, error) { return newCluster() })
)

// Postgres returns the store URL of a PostgreSQL server, database postgres, user postgres, who is a superuser and needs
// no password. Other roles, once created, log in with theirs.
func Postgres(tb testing.TB) string {
	tb.Helper()
	return sharedURL(tb, "LIMPET_TEST_POSTGRES", sharedPostgres)
}

// MySQL returns the store URL of a MariaDB server, database test. Its user may do everything, make databases and grant
// included, and is let in from loopback addresses only; there is no anonymous user, and root is not reachable over TCP.
func MySQL(tb testing.TB) string {
	tb.Helper()
	return sharedURL(tb, "LIMPET_TEST_MYSQL", sharedMySQL)
}

// Redis returns the store URL of a Redis server, which needs no password.
func Redis(tb testing.TB) string {
	tb.Helper()
	return sharedURL(tb, "LIMPET_TEST_REDIS", sharedRedis)
}

// RedisCluster returns the store URL of a Redis Cluster of three masters and three replicas, which needs no password.
func RedisCluster(tb testing.TB) string {
	tb.Helper()
	return sharedURL(tb, "LIMPET_TEST_REDIS_CLUSTER", sharedCluster)
}

type located interface{ URL() string }

// share starts a server at most once. The next test that asks for one that failed to start fails for the same reason.
func share(start func() (located, error)) func() (string, error) {
	return sync.OnceValues(func() (string, error) {
		s, err := start()
		if err != nil {
			return "", err
		}
		return s.URL(), nil
	})
}

func sharedURL(tb testing.TB, env string, start func() (string, error)) string {
	tb.Helper()
	if url := os.Getenv(env); url != "" {
		return url
	}
	url, err := start()
	check(tb, err)
	return url
}
