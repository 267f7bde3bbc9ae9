// Package leak fails a test binary that leaves goroutines behind.
package leak

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// Main runs the package's tests, then what comes after them, and returns the code to exit with: that of the tests, or 1
// when goroutines that the tests started are still running a moment after the last one.
func Main(m *testing.M, after ...func()) int {
	code := m.Run()
	for _, f := range after {
		f()
	}
	if code != 0 {
		return code
	}
	if left := settle(5 * time.Second); len(left) > 0 {
		fmt.Fprintf(os.Stderr, "leak: %d goroutines left behind:\n\n%s\n", len(left), strings.Join(left, "\n\n"))
		return 1
	}
	return 0
}

// settle waits until only known goroutines run, at most for the given time, and returns the others.
func settle(most time.Duration) []string {
	deadline := time.Now().Add(most)
	for {
		left := foreign()
		if len(left) == 0 || time.Now().After(deadline) {
			return left
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// foreign returns the stacks of goroutines that neither the runtime nor package testing started.
func foreign() []string {
	buf := make([]byte, 1<<20)
	buf = buf[:runtime.Stack(buf, true)]
	var left []string
	for i, g := range strings.Split(string(buf), "\n\n") {
		if i == 0 || known(g) {
			continue
		}
		left = append(left, g)
	}
	return left
}

func known(stack string) bool {
	for _, s := range []string{
		"testing.Main(", "testing.(*M).", "testing.(*T).Run", "testing.tRunner.func", "testing.runFuzzing",
		"os/signal.signal_recv", "os/signal.loop", "runtime.goexit0", "runtime.ensureSigM",
	} {
		if strings.Contains(stack, s) {
			return true
		}
	}
	return false
}
