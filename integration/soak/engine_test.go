package soak

import (
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/limpet-go/limpet/drivers/mysql"
	"github.com/limpet-go/limpet/drivers/postgres"
	"github.com/limpet-go/limpet/drivers/redis"
	"github.com/limpet-go/limpet/internal/testserver"
	"github.com/limpet-go/limpet/session"
)

// server is what the soak kills and starts again.
type server interface {
	Kill(testing.TB)
	Start(testing.TB)
}

// engine is a private server, or several that make one, and how to look at it past the store.
type engine struct {
	servers []server
	settle  func(testing.TB) // returns when servers that were started again are in order; nil: they are at once
	open    func() (target, error)

	// rows counts what is in the store, live or not, and in the index of users.
	rows func() (int, error)

	// connections counts those that clients have open, but for the one that asks. nil: there are none to count.
	connections func() (int, error)

	// sweepsIndex says that entries of the index go by themselves when they have ended.
	sweepsIndex bool
}

// sweeping has expired rows deleted while the clients are at work.
func sweeping() session.SQLStoreOption { return session.WithSQLCleanupInterval(200 * time.Millisecond) }

func postgresEngine(t *testing.T) engine {
	s := testserver.StartPostgres(t)
	ask := asker(t, "pgx", s.URL())
	return engine{
		servers: []server{s}, sweepsIndex: true,
		open: func() (target, error) { return postgres.Open(s.URL(), postgres.WithStore(sweeping())) },
		rows: func() (int, error) { return ask(countRows) },
		connections: func() (int, error) {
			return ask("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()")
		},
	}
}

func mysqlEngine(t *testing.T) engine {
	s := testserver.StartMySQL(t)
	user, place, _ := strings.Cut(strings.TrimPrefix(s.URL(), "mysql://"), "@")
	ask := asker(t, "mysql", user+"@tcp("+strings.Replace(place, "/", ")/", 1))
	return engine{
		servers: []server{s}, sweepsIndex: true,
		open: func() (target, error) { return mysql.Open(s.URL(), mysql.WithStore(sweeping())) },
		rows: func() (int, error) { return ask(countRows) },
		connections: func() (int, error) {
			return ask("SELECT count(*) FROM information_schema.processlist WHERE id <> connection_id()")
		},
	}
}

const countRows = "SELECT (SELECT count(*) FROM vango_sessions) + (SELECT count(*) FROM vango_sessions_users)"

// asker returns a function that runs a query for a number on a connection of its own.
func asker(t *testing.T, driver, place string) func(query string) (int, error) {
	return func(query string) (n int, err error) {
		db, err := sql.Open(driver, place)
		if err != nil {
			return 0, err
		}
		err = db.QueryRowContext(t.Context(), query).Scan(&n)
		return n, errors.Join(err, db.Close())
	}
}

func redisEngine(t *testing.T) engine {
	s := testserver.StartRedis(t)
	return redisOn(s.URL(), nil, s)
}

func clusterEngine(t *testing.T) engine {
	c := testserver.StartPatientRedisCluster(t)
	return redisOn(c.URL(), c.Settle, c.Nodes...)
}

func redisOn(url string, settle func(testing.TB), servers ...*testserver.Server) engine {
	sum := func(ask func(*testserver.Server) (int, error)) func() (int, error) {
		return func() (n int, err error) {
			for _, s := range servers {
				more, oneErr := ask(s)
				n, err = n+more, errors.Join(err, oneErr)
			}
			return n, err
		}
	}
	e := engine{
		settle:      settle,
		open:        func() (target, error) { return redis.Open(url) },
		rows:        sum(lastingKeys),
		connections: sum(redisConnections),
	}
	for _, s := range servers {
		e.servers = append(e.servers, s)
	}
	return e
}

// lastingKeys counts the keys that are neither part of the index nor would ever expire. What ends in the index stays for some
// weeks, by design, and then goes by itself.
func lastingKeys(s *testserver.Server) (int, error) {
	role, err := s.Redis("INFO", "replication")
	if err != nil || strings.Contains(role, "role:slave") {
		return 0, err
	}
	reply, err := s.Redis("EVAL", `
		local n = 0
		for _, key in ipairs(redis.call('KEYS', '*')) do
			if not string.find(key, ':user', 1, true) or redis.call('PTTL', key) < 0 then n = n + 1 end
		end
		return n`, "0")
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(reply)
}

func redisConnections(s *testserver.Server) (int, error) {
	list, err := s.Redis("CLIENT", "LIST", "TYPE", "normal")
	return strings.Count(list, "\n") - 1, err // the one that asks is in it
}
