// Package demo puts the demo together: the nodes, the supervisor that keeps them running and the proxy in front.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"time"

	"github.com/limpet-go/limpet/cmd/limpet/internal/node"
	"github.com/limpet-go/limpet/cmd/limpet/internal/proxy"
	"github.com/limpet-go/limpet/cmd/limpet/internal/supervisor"
)

// MaxNodes is how many nodes the demo runs at most.
const MaxNodes = 16

// Options say how to run the demo.
type Options struct {
	Addr  string // host:port to serve on
	Store string // URL of the session store; empty means SQLite in the user's state directory
	Nodes int    // 1 to MaxNodes

	// NodeCommand is the argument that makes this program be a node.
	NodeCommand string
}

// Run serves the demo until ctx ends, then has the nodes save everything. It returns nil if they did: a node that could
// not makes it an error, and names in the log what it did not save. It tells people about itself on stdout, and logs to
// stderr, which must be safe for concurrent use.
func Run(ctx context.Context, o Options, stdout, stderr io.Writer) error {
	if o.Nodes < 1 || o.Nodes > MaxNodes {
		return fmt.Errorf("--nodes %d: want 1 to %d", o.Nodes, MaxNodes)
	}
	exe, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding this program: %w", err)
	}
	ln, err := listen(o.Addr)
	if err != nil {
		return err
	}
	defer ln.Close()
	where, err := prepare(ctx, o.Store)
	if err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(stderr, nil))
	nodes := supervisor.Start(fleet(o, exe, where, logger, stderr))
	server := &http.Server{
		Handler:           proxy.New(proxy.Config{Nodes: nodes, CookieName: node.CookieName(where.key), Logger: logger}),
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
	served := make(chan error, 1)
	go func() {
		served <- server.Serve(ln)
		close(served)
	}()
	err = attend(ctx, nodes, served, func() { banner(stdout, ln.Addr(), where, nodes.Live()) })
	ln.Close() // nobody new, while the nodes say good-bye
	err = errors.Join(err, nodes.Shutdown(context.Background()))
	server.Close()
	<-served
	return err
}

// fleet describes the nodes to the supervisor.
func fleet(o Options, exe string, where place, logger *slog.Logger, output io.Writer) supervisor.Config {
	return supervisor.Config{
		Nodes:        o.Nodes,
		Logger:       logger,
		DrainTimeout: node.DrainTimeout + 2*time.Second,
		Command: func(int) *exec.Cmd {
			cmd := exec.Command(exe, o.NodeCommand)
			cmd.Stdout, cmd.Stderr = output, output
			return cmd
		},
		Hello: func(n int) []byte { return node.Settings{Node: n, Store: where.store, Key: where.key}.Encode() },
	}
}

// attend announces the demo once every node is ready, and returns when ctx ends, or the error that ended it before.
func attend(ctx context.Context, nodes *supervisor.Supervisor, served <-chan error, announce func()) error {
	err := nodes.WaitReady(ctx)
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return err
	}
	announce()
	select {
	case <-ctx.Done():
		return nil
	case err := <-served:
		return fmt.Errorf("serving: %w", err)
	}
}
