package bench

import (
	"net/url"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/limpet-go/limpet/bench/peers"
	"github.com/limpet-go/limpet/bench/plain"
	driver "github.com/limpet-go/limpet/drivers/mysql"
	"github.com/limpet-go/limpet/session"
)

func openMariaDB(tb testing.TB) *engine {
	storeURL := startMariaDB(tb)
	dsn := mariaDSN(tb, storeURL)
	admin := pool(tb, "mysql", dsn)
	tb.Cleanup(func() { _ = admin.Close() })
	e := &engine{}
	p, err := plain.NewSQL(pool(tb, "mysql", dsn), session.DialectMySQL)
	e.add(tb, "plain", p, err)
	s, err := driver.Open(storeURL)
	e.add(tb, "limpet", newThroughManager(s), err)
	scs, err := peers.NewSCSSQL(pool(tb, "mysql", dsn), session.DialectMySQL)
	e.add(tb, "scs", scs, err)
	e.empty = func(tb testing.TB) {
		mustExec(tb, admin, `TRUNCATE plain_sessions`, `TRUNCATE vango_sessions`, `TRUNCATE sessions`)
	}
	return e
}

// mariaDSN is a store's URL in the words of the client.
func mariaDSN(tb testing.TB, storeURL string) string {
	u, err := url.Parse(storeURL)
	if err != nil {
		tb.Fatal(err)
	}
	c := mysql.NewConfig()
	c.User = u.User.Username()
	c.Passwd, _ = u.User.Password()
	c.Net, c.Addr, c.DBName = "tcp", u.Host, u.Path[1:]
	return c.FormatDSN()
}

func BenchmarkMariaDB(b *testing.B) {
	e := openMariaDB(b)
	defer e.close(b)
	benchmarkCrowds(b, e, 64, 128, 1024)
	benchmarkSaveAll(b, e, 10_000)
	benchmarkLoads(b, e)
}
