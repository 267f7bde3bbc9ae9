package integration

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestWritingAStoreQuotesTheExampleThatCompiles holds the document to the store in dirstore/, which is compiled and
// checked by the kit: every block of Go is found there, line for line.
func TestWritingAStoreQuotesTheExampleThatCompiles(t *testing.T) {
	text, err := os.ReadFile("../docs/writing-a-store.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("dirstore/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var code []string
	for _, name := range files {
		file, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		code = append(code, string(file))
	}
	blocks := regexp.MustCompile("(?s)\n```go\n(.*?\n)```\n").FindAllStringSubmatch(string(text), -1)
	if len(blocks) < 10 {
		t.Errorf("the document quotes %d blocks of Go; want those that explain a store", len(blocks))
	}
	for _, block := range blocks {
		if !slices.ContainsFunc(code, func(file string) bool { return strings.Contains(file, "\n"+block[1]) }) {
			t.Errorf("this is not in integration/dirstore:\n%s", block[1])
		}
	}
}
