package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/limpet-go/limpet/cmd/limpet/internal/node"
	"github.com/limpet-go/limpet/cmd/limpet/internal/supervisor"
)

// nodeCommand is what the supervisor runs; it is not listed.
const nodeCommand = "demo-node"

// runDemoNode is one node of the demo. It takes its settings from its supervisor, and ends when that does.
func runDemoNode(ctx context.Context, args []string, _, stderr io.Writer) int {
	if err := serveNode(ctx, args, stderr); err != nil {
		fmt.Fprintf(stderr, "limpet %s: %v\n", nodeCommand, err)
		return exitFailed
	}
	return exitOK
}

func serveNode(ctx context.Context, args []string, stderr io.Writer) error {
	if len(args) > 0 {
		return fmt.Errorf("takes no arguments")
	}
	link, err := supervisor.OpenLink(os.Stdin)
	if err != nil {
		return fmt.Errorf("%w; use `limpet demo`", err)
	}
	line, err := link.Hello()
	if err != nil {
		return err
	}
	settings, err := node.DecodeSettings(line)
	if err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(stderr, nil)).With("node", settings.Node)
	return node.Run(link.UntilOrphaned(ctx), settings, link.Ready, logger)
}
