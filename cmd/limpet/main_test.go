package main

import (
	"context"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"github.com/limpet-go/limpet/cmd/limpet/internal/transcript"
	"github.com/limpet-go/limpet/internal/testserver"
)

// TestMain lets this test binary be a node, as the supervisor starts its own program.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == nodeCommand {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
		stop()
		os.Exit(code)
	}
	os.Exit(testserver.Main(m))
}

// execute runs one command line to its end.
func execute(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs transcript.Transcript
	code = run(t.Context(), args, &out, &errs)
	return code, out.String(), errs.String()
}

func TestWrongCommandLines(t *testing.T) {
	tests := []struct {
		args []string
		says string
	}{
		{nil, "Usage: limpet <command>"},
		{[]string{"dmeo"}, `unknown command "dmeo"`},
		{[]string{""}, `unknown command ""`},
		{[]string{"-x"}, `unknown command "-x"`},
		{[]string{"help", "demo"}, "limpet demo -h"},
		{[]string{"version", "now"}, "takes no arguments"},
		{[]string{"demo", "now"}, `unexpected argument "now"`},
		{[]string{"demo", "--port", "80"}, "-port"},
		{[]string{"demo", "--nodes", "two"}, `"two"`},
		{[]string{"demo", "--nodes", "0"}, "--nodes 0: want 1 to 16"},
		{[]string{"demo", "--nodes", "17"}, "--nodes 17: want 1 to 16"},
		{[]string{"demo", "--addr"}, "-addr"},
	}
	for _, tt := range tests {
		t.Run(strings.Join(tt.args, " "), func(t *testing.T) {
			code, stdout, stderr := execute(t, tt.args...)
			if code != exitUsage || stdout != "" || !strings.Contains(stderr, tt.says) {
				t.Errorf("code %d, stdout %q, stderr %q; want code 2 and %q", code, stdout, stderr, tt.says)
			}
			if len(tt.args) > 0 && strings.Count(stderr, "\n") != 1 {
				t.Errorf("want one line, got %q", stderr)
			}
		})
	}
}
