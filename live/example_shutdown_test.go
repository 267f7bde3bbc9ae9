package live_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/limpet-go/limpet/live"
)

// serve runs a host until ctx ends, which signal.NotifyContext sees to at a SIGTERM, and then ends it in this order: the
// host saves every session, the server ends what is left of its requests, and the caller closes the store.
func serve(ctx context.Context, host *live.Host, server *http.Server, ln net.Listener) error {
	served := make(chan error, 1)
	go func() { served <- server.Serve(ln) }()
	select {
	case err := <-served:
		return errors.Join(err, host.Shutdown(context.Background()))
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.Background(), 20*time.Second) // less than the supervisor's patience
	defer cancel()
	err := host.Shutdown(drain)
	if err != nil { // the process should fail
		slog.Error("drain", "error", err) // as it is, not wrapped: it logs which sessions were not saved, by their hashes
	}

	rest, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	return errors.Join(err, server.Shutdown(rest))
}

func ExampleHost_Shutdown() {
	host, err := live.NewHost(live.Config{Key: []byte("32 random bytes, kept somewhere!")})
	if err != nil {
		fmt.Println(err)
		return
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background()) // signal.NotifyContext(ctx, syscall.SIGTERM)
	time.AfterFunc(10*time.Millisecond, stop)
	server := &http.Server{Handler: host.Page(counter), ReadHeaderTimeout: 10 * time.Second}
	fmt.Println("ended:", serve(ctx, host, server, ln))
	// Output: ended: <nil>
}
