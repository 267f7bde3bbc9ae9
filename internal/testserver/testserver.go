// Package testserver starts private PostgreSQL, MariaDB and Redis servers for tests: in a moment, on an address of the
// test process' own, with what acknowledged writes need to survive a crash of the server.
//
// Postgres, MySQL, Redis and RedisCluster each return the URL of a server that the tests of the process share, started on
// first use. Isolate by table, database or key prefix, and never flush. A store URL in LIMPET_TEST_POSTGRES,
// LIMPET_TEST_MYSQL, LIMPET_TEST_REDIS or LIMPET_TEST_REDIS_CLUSTER is returned in its place. StartPostgres and its like
// start a server for one test, which may kill and pause it.
//
// A test is skipped where a server's program is missing, and fails there when LIMPET_TEST_REQUIRE is "all".
//
// Servers keep their data in a folder that belongs to the test process, on a file system in memory if it is roomy, else in
// the temporary one, or in the folder that LIMPET_TEST_DIR names. On Linux neither a server nor the folder outlives the
// process, however it ends; elsewhere that holds for a process whose tests were all run.
//
// Use Main as the package's TestMain. Functions taking a testing.TB are for the goroutine of the test.
package testserver

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/limpet-go/limpet/internal/leak"
)

// Main is leak.Main for packages whose tests use servers: once the tests have run it stops the servers, removes their
// folders and returns the code to exit with.
func Main(m *testing.M) int {
	return leak.Main(m, stopAll)
}

// running holds every server that was started and not removed yet.
var running struct {
	sync.Mutex
	servers map[*Server]bool
}

func register(s *Server) {
	running.Lock()
	defer running.Unlock()
	if running.servers == nil {
		running.servers = map[*Server]bool{}
	}
	running.servers[s] = true
}

func unregister(s *Server) {
	running.Lock()
	defer running.Unlock()
	delete(running.servers, s)
}

// stopAll leaves no process, folder or goroutine of this package behind.
func stopAll() {
	running.Lock()
	servers := running.servers
	running.servers = nil
	running.Unlock()
	var wg sync.WaitGroup
	for s := range servers {
		wg.Go(s.remove)
	}
	wg.Wait()
	removeRoot()
	stopSpawner()
}

// errMissing is the cause when a program or a facility of the system is not there.
var errMissing = errors.New("missing")

// check ends the test if there is an error: by skipping it if all that is wrong is a missing program.
func check(tb testing.TB, err error) {
	tb.Helper()
	switch {
	case err == nil:
	case errors.Is(err, errMissing) && os.Getenv("LIMPET_TEST_REQUIRE") != "all":
		tb.Skip(err)
	default:
		tb.Fatal(err)
	}
}

func missing(program, debian string) error {
	return fmt.Errorf("%s is %w: apt-get install %s, or run scripts/setup-debian.sh", program, errMissing, debian)
}
