package main

import (
	"strings"
	"testing"
)

func TestNodeNeedsASupervisor(t *testing.T) {
	code, _, stderr := execute(t, nodeCommand)
	if code != exitFailed || !strings.Contains(stderr, "use `limpet demo`") {
		t.Errorf("code %d, stderr %q", code, stderr)
	}
	if code, _, stderr := execute(t, nodeCommand, "x"); code != exitFailed || !strings.Contains(stderr, "no arguments") {
		t.Errorf("code %d, stderr %q", code, stderr)
	}
}
