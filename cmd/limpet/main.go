// Command limpet shows what Limpet does: `limpet demo` runs a small shop whose tabs survive the death of their server.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// Exit codes of every command.
const (
	exitOK     = 0
	exitFailed = 1 // the command could not do its work
	exitUsage  = 2 // the command line is wrong
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// command is one word of the command line.
type command struct {
	name    string
	summary string // empty: not listed
	run     func(ctx context.Context, args []string, stdout, stderr io.Writer) int
}

func commands() []command {
	return []command{
		{"demo", "run a small shop whose tabs survive the death of their server", runDemo},
		{"help", "show this text", runHelp},
		{"version", "print the version", runVersion},
		{nodeCommand, "", runDemoNode},
	}
}

// run executes one command line and returns the code to exit with. The command ends when ctx does.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		usage(stderr)
		return exitUsage
	}
	for _, c := range commands() {
		if c.name == args[0] {
			return c.run(ctx, args[1:], stdout, stderr)
		}
	}
	switch args[0] {
	case "-h", "-help", "--help":
		return runHelp(ctx, nil, stdout, stderr)
	case "-version", "--version":
		return runVersion(ctx, nil, stdout, stderr)
	}
	fmt.Fprintf(stderr, "limpet: unknown command %q; `limpet help` lists the commands\n", args[0])
	return exitUsage
}
