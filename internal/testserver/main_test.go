package testserver

import (
	"os"
	"testing"
)

// orphan is set when the test binary is to be a test process that ends early.
var orphan func() int

func TestMain(m *testing.M) {
	if orphan != nil {
		os.Exit(orphan())
	}
	os.Exit(Main(m))
}
