package bench

import (
	"context"
	"encoding/csv"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	goredis "github.com/redis/go-redis/v9"

	"github.com/limpet-go/limpet/bench/peers"
	"github.com/limpet-go/limpet/bench/plain"
	"github.com/limpet-go/limpet/drivers/redis"
)

// openRedis has clients with their default settings.
func openRedis(tb testing.TB) (e *engine, addr string) {
	url := startRedis(tb)
	addr = hostOf(tb, url)
	e = &engine{}
	client := func() *goredis.Client { return goredis.NewClient(&goredis.Options{Addr: addr}) }
	e.add(tb, "plain", plain.NewRedis(client()), nil)
	s, err := redis.Open(url)
	e.add(tb, "limpet", newThroughManager(s), err)
	r, err := peers.NewRueidis(addr)
	e.add(tb, "rueidis", r, err)
	e.add(tb, "scs", peers.NewSCSRedis(client()), nil)
	admin := client()
	tb.Cleanup(func() { _ = admin.Close() })
	e.empty = func(tb testing.TB) {
		if err := admin.FlushAll(context.Background()).Err(); err != nil {
			tb.Fatal(err)
		}
	}
	return e, addr
}

// BenchmarkRedis has redis-benchmark, which does nothing but send 100 SETs at a time, as the limit.
func BenchmarkRedis(b *testing.B) {
	e, addr := openRedis(b)
	defer e.close(b)
	benchmarkCrowds(b, e, 128, 1024)
	for _, n := range []int{128, 1024} {
		limit(b, fmt.Sprintf("op=save/callers=%d", n), addr, n, "ops/s")
	}
	const many = 100_000
	benchmarkSaveAll(b, e, many)
	e.empty(b)
	limit(b, fmt.Sprintf("op=saveall/n=%d", many), addr, 1_000_000_000, "rows/s")
}

// limit lets redis-benchmark set as many keys, of random names among some.
func limit(b *testing.B, name, addr string, names int, unit string) {
	b.Run(name+"/impl=limit", func(b *testing.B) {
		host, port, err := net.SplitHostPort(addr)
		if err != nil {
			b.Fatal(err)
		}
		out, err := exec.Command("redis-benchmark", "-h", host, "-p", port, "-t", "set", "-n", "100000", "-c", "10",
			"-P", "100", "-d", strconv.Itoa(stateBytes), "-r", strconv.Itoa(names), "--csv").Output()
		if err != nil {
			b.Fatal(err)
		}
		rows, err := csv.NewReader(strings.NewReader(string(out))).ReadAll()
		if err != nil || len(rows) != 2 {
			b.Fatalf("redis-benchmark said %q, %v", out, err)
		}
		rps, err := strconv.ParseFloat(rows[1][1], 64)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(rps, unit)
		b.ReportMetric(0, "ns/op")
	})
}
