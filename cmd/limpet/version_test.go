package main

import (
	"runtime"
	"strings"
	"testing"
)

func TestVersion(t *testing.T) {
	for _, arg := range []string{"version", "--version"} {
		code, stdout, stderr := execute(t, arg)
		if code != exitOK || stderr != "" || !strings.HasPrefix(stdout, "limpet ") || !strings.Contains(stdout, runtime.Version()) {
			t.Errorf("%s: code %d, stdout %q, stderr %q", arg, code, stdout, stderr)
		}
	}
}
