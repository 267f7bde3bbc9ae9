package main

import (
	"strings"
	"testing"
)

func TestHelp(t *testing.T) {
	for _, arg := range []string{"help", "-h", "--help"} {
		code, stdout, stderr := execute(t, arg)
		if code != exitOK || stderr != "" {
			t.Errorf("%s: code %d, stderr %q", arg, code, stderr)
		}
		for _, want := range []string{"demo", "help", "version"} {
			if !strings.Contains(stdout, "  "+want+" ") {
				t.Errorf("%s does not list %s:\n%s", arg, want, stdout)
			}
		}
		if strings.Contains(stdout, nodeCommand) {
			t.Errorf("%s lists the hidden command", arg)
		}
	}
}

func TestHelpOfDemo(t *testing.T) {
	code, stdout, _ := execute(t, "demo", "-h")
	if code != exitOK {
		t.Errorf("code %d", code)
	}
	for _, want := range []string{"-addr", "127.0.0.1:8080", "-store", "-nodes", "1 to 16"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("it does not mention %s:\n%s", want, stdout)
		}
	}
}
