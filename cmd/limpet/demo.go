package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/limpet-go/limpet/cmd/limpet/internal/demo"
)

const storeUsage = "`URL` of the session store (default: SQLite in your state directory), such as\n" +
	"sqlite:///path/to/file.db, postgres://user:password@host/database,\n" +
	"mysql://user:password@host/database, redis://host/0 or memory:"

// runDemo serves the shop until ctx ends.
func runDemo(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o := demo.Options{NodeCommand: nodeCommand}
	flags := flag.NewFlagSet("limpet demo", flag.ContinueOnError)
	flags.StringVar(&o.Addr, "addr", "127.0.0.1:8080", "`host:port` to serve on")
	flags.StringVar(&o.Store, "store", "", storeUsage)
	flags.IntVar(&o.Nodes, "nodes", 1, fmt.Sprintf("how many node processes to run, 1 to %d", demo.MaxNodes))
	if code, ok := parse(flags, args, stdout, stderr); !ok {
		return code
	}
	if o.Nodes < 1 || o.Nodes > demo.MaxNodes {
		fmt.Fprintf(stderr, "limpet demo: --nodes %d: want 1 to %d\n", o.Nodes, demo.MaxNodes)
		return exitUsage
	}
	if err := demo.Run(ctx, o, stdout, stderr); err != nil {
		fmt.Fprintf(stderr, "limpet demo: %v\n", err)
		return exitFailed
	}
	return exitOK
}

// parse reads flags and refuses any other argument. It reports false, and the code to exit with, when the command
// is done: it showed its flags, or said what is wrong with the command line.
func parse(flags *flag.FlagSet, args []string, stdout, stderr io.Writer) (code int, ok bool) {
	flags.SetOutput(io.Discard)
	flags.Usage = func() {}
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintf(stdout, "Usage: %s [flags]\n\nFlags:\n", flags.Name())
		flags.SetOutput(stdout)
		flags.PrintDefaults()
		return exitOK, false
	case err == nil && flags.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v; `%s -h` shows its flags\n", flags.Name(), err, flags.Name())
		return exitUsage, false
	}
	return exitOK, true
}
