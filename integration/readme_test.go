package integration

import (
	"os"
	"strings"
	"testing"
)

// TestReadmeShowsTheExampleThatCompiles holds the README to the program in readme/, which is compiled and vetted
// with everything else.
func TestReadmeShowsTheExampleThatCompiles(t *testing.T) {
	program, err := os.ReadFile("readme/main.go")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, body, ok := strings.Cut(string(program), "\n)\n\n")
	if !ok || !strings.Contains(string(text), "```go\n"+body+"```\n") {
		t.Error("the README's example is not integration/readme/main.go without its imports")
	}
}
