// Command livetabs opens many live tabs on one node over loopback WebSockets, lets each send inputs at a steady rate,
// kills the node, starts it again on the same store, and checks that every tab comes back with exactly the inputs it
// sent: none lost, none applied twice. It prints the round trip of an input, the node's memory per tab and how long
// the last inputs took to become durable, and exits with 1 when anything was lost.
//
// The node is a child process, so that its memory is its own; the tabs share the parent.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"
)

func main() {
	if isNode(os.Args) {
		os.Exit(nodeMain(os.Stdin, os.Stdout))
	}
	var o options
	flag.IntVar(&o.tabs, "tabs", 2000, "how many tabs")
	flag.DurationVar(&o.duration, "duration", time.Minute, "how long they send")
	flag.Float64Var(&o.rate, "rate", 1, "inputs a second of each tab")
	flag.StringVar(&o.store, "store", "", "URL of the node's store (default: SQLite in a temporary folder)")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	r, err := run(ctx, o)
	if r != nil {
		r.print(os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "livetabs:", err)
		os.Exit(1)
	}
}
