package soak

import (
	"flag"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/limpet-go/limpet/internal/testserver"
)

var (
	duration  = flag.Duration("soak.duration", 6*time.Second, "how long the clients work")
	every     = flag.Duration("soak.every", 0, "time from a restart of the server to the next kill; a quarter of the duration, or 4s, unless set")
	seed      = flag.Uint64("soak.seed", uint64(time.Now().UnixNano()), "of the clients' choices")
	serveFile = flag.String("soak.file", "", "the file to serve a store on, to other processes of the test")
	serveAddr = flag.String("soak.serve", "", "where to serve it")
)

func TestMain(m *testing.M) {
	flag.Parse()
	if *serveAddr != "" {
		os.Exit(serve(*serveFile, *serveAddr))
	}
	if err := flag.Set("test.parallel", "16"); err != nil { // an engine waits more than it computes
		panic(err)
	}
	slog.SetDefault(slog.New(slog.DiscardHandler)) // sweeps of expired rows say that the server is down
	os.Exit(testserver.Main(m))
}
