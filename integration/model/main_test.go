package model

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/limpet-go/limpet/internal/leak"
)

// The defaults of rapid's flags here; -rapid.checks=100000 makes more of them.
var defaults = map[string]string{
	"rapid.checks":     "1000",
	"rapid.steps":      "40",
	"rapid.shrinktime": "1m",
	"rapid.nofailfile": "true",
}

func TestMain(m *testing.M) {
	for name, value := range defaults {
		if err := flag.Set(name, value); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
	}
	os.Exit(leak.Main(m))
}
