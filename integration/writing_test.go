package integration

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// exampleFiles are the files of the store that docs/writing-a-store.md explains, by name.
func exampleFiles(t *testing.T) map[string]string {
	t.Helper()
	names, err := filepath.Glob("dirstore/*.go")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(text)
	}
	return files
}

// TestWritingAStoreQuotesTheExampleThatCompiles holds the document to the store in dirstore/, which is compiled and
// checked by the kit: every block of Go is found there, line for line.
func TestWritingAStoreQuotesTheExampleThatCompiles(t *testing.T) {
	text, err := os.ReadFile("../docs/writing-a-store.md")
	if err != nil {
		t.Fatal(err)
	}
	files := exampleFiles(t)
	blocks := regexp.MustCompile("(?s)\n```go\n(.*?\n)```\n").FindAllStringSubmatch(string(text), -1)
	if len(blocks) < 10 {
		t.Errorf("the document quotes %d blocks of Go; want those that explain a store", len(blocks))
	}
	for _, block := range blocks {
		quoted := false
		for _, file := range files {
			quoted = quoted || strings.Contains(file, "\n"+block[1])
		}
		if !quoted {
			t.Errorf("this is not in integration/dirstore:\n%s", block[1])
		}
	}
}

// TestExampleStoreCanBeCopied holds the example to imports that a module of somebody else's may have too: the document
// begins with a copy of it.
func TestExampleStoreCanBeCopied(t *testing.T) {
	public := []string{"github.com/limpet-go/limpet/session", "github.com/limpet-go/limpet/session/storetest"}
	for name, text := range exampleFiles(t) {
		file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		if file.Name.Name != "dirstore" {
			t.Errorf("%s is of package %s, which would import the original", name, file.Name.Name)
		}
		for _, spec := range file.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if first, _, _ := strings.Cut(path, "/"); strings.Contains(first, ".") && !slices.Contains(public, path) {
				t.Errorf("%s imports %s", name, path)
			}
		}
	}
}
