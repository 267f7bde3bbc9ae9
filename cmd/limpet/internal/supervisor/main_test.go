package supervisor

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/limpet-go/limpet/internal/leak"
)

// behaviour is the environment variable that makes this test binary act as a node.
const behaviour = "LIMPET_TEST_NODE"

func TestMain(m *testing.M) {
	if how := os.Getenv(behaviour); how != "" {
		os.Exit(actAsNode(how))
	}
	os.Exit(leak.Main(m))
}

// actAsNode is ready under the address its settings name, then lives until it is asked to end.
func actAsNode(how string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if how == "dies-at-once" {
		return 7
	}
	link, err := OpenLink(os.Stdin)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	hello, err := link.Hello()
	if err != nil {
		return 1
	}
	if how == "never-ready" {
		<-ctx.Done()
		return 0
	}
	if how == "ignores-term" || how == "ignores-everything" {
		signal.Ignore(syscall.SIGTERM)
	}
	if err := link.Ready(string(hello)); err != nil {
		return 1
	}
	switch how {
	case "dies-when-ready":
		return 8
	case "fails-at-end":
		<-link.UntilOrphaned(ctx).Done()
		return 9
	case "ignores-everything":
		select {}
	case "ignores-term":
		<-link.UntilOrphaned(context.Background()).Done()
	default:
		<-link.UntilOrphaned(ctx).Done()
	}
	return 0
}

// config runs this test binary as nodes that behave alike.
func config(nodes int, how string) Config {
	return Config{
		Nodes: nodes,
		Command: func(int) *exec.Cmd {
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), behaviour+"="+how, "GORACE=atexit_sleep_ms=0")
			return cmd
		},
		Hello:        func(node int) []byte { return fmt.Appendf(nil, "address-of-%d", node) },
		DrainTimeout: 10 * time.Second,
	}
}

// begin starts a supervisor that ends with the test.
func begin(t *testing.T, cfg Config) *Supervisor {
	t.Helper()
	s := Start(cfg)
	t.Cleanup(func() { s.Shutdown(t.Context()) }) // which has ended: what still runs is killed
	return s
}

// eventually fails the test unless the condition holds within ten seconds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-deadline:
			t.Fatalf("not in time: %s", what)
		case <-tick.C:
		}
	}
}

func exists(pid int) bool { return syscall.Kill(pid, 0) == nil }

// alive reports whether a process runs. One that died and was not waited for yet, which a stranger's child may stay
// for a while, does not.
func alive(pid int) bool {
	f, err := os.Open(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return exists(pid) && !os.IsNotExist(err)
	}
	defer f.Close()
	stat, _ := io.ReadAll(f)
	_, after, _ := strings.Cut(string(stat), ") ")
	return after != "" && after[0] != 'Z'
}
