package main

import (
	"context"
	"fmt"
	"io"
)

// runHelp prints what the program can do.
func runHelp(_ context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 {
		fmt.Fprintf(stderr, "limpet help: takes no arguments; `limpet %s -h` shows the flags of a command\n", args[0])
		return exitUsage
	}
	usage(stdout)
	return exitOK
}

func usage(w io.Writer) {
	fmt.Fprintln(w, "Limpet: live web sessions that come back to the exact spot.")
	fmt.Fprintln(w, "\nUsage: limpet <command> [flags]")
	fmt.Fprintln(w, "\nCommands:")
	for _, c := range commands() {
		if c.summary != "" {
			fmt.Fprintf(w, "  %-8s %s\n", c.name, c.summary)
		}
	}
	fmt.Fprintln(w, "\n`limpet <command> -h` shows a command's flags.")
}
