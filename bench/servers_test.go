package bench

import (
	"net/url"
	"os"
	"testing"

	"github.com/limpet-go/limpet/internal/testserver"
)

// Servers run on this machine and keep their data on its disk, not in memory, so that a transaction waits for the disk
// as it does in production.
func TestMain(m *testing.M) {
	if os.Getenv("LIMPET_TEST_DIR") == "" {
		_ = os.Setenv("LIMPET_TEST_DIR", os.TempDir())
	}
	os.Exit(testserver.Main(m))
}

// startPostgres starts a server that is as durable as its defaults make it; testserver's own leave fsync out.
func startPostgres(tb testing.TB) string {
	return testserver.StartPostgres(tb,
		"-c", "fsync=on", "-c", "shared_buffers=128MB", "-c", "autovacuum=on", "-c", "max_connections=300").URL()
}

// startMariaDB starts a server with the sizes that are its defaults.
func startMariaDB(tb testing.TB) string {
	return testserver.StartMySQL(tb,
		"--innodb-flush-log-at-trx-commit=1", "--innodb-buffer-pool-size=128M", "--innodb-log-file-size=96M").URL()
}

// startRedis starts a server without persistence, which is what Redis is measured with elsewhere.
func startRedis(tb testing.TB) string {
	return testserver.StartRedis(tb, "--appendonly", "no").URL()
}

// hostOf returns the host and port of a store's URL.
func hostOf(tb testing.TB, storeURL string) string {
	u, err := url.Parse(storeURL)
	if err != nil {
		tb.Fatal(err)
	}
	return u.Host
}
