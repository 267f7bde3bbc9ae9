package limpet_test

import (
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// documents returns the project's own prose by path.
func documents(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/decisions/*.md"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			texts[path] = string(text)
		}
	}
	return texts
}

// named is a test or an example in prose; an ellipsis stands for the rest of several names.
var named = regexp.MustCompile("`((?:Test|Example|Benchmark|Fuzz)[A-Z]\\w*)(…?)`")

func TestDocsNameTestsThatExist(t *testing.T) {
	var exist []string
	for _, f := range sources(t, 0) {
		for _, d := range f.Decls {
			if fun, ok := d.(*ast.FuncDecl); ok && f.isTest() && fun.Recv == nil {
				exist = append(exist, fun.Name.Name)
			}
		}
	}
	found := 0
	for path, text := range documents(t) {
		for _, m := range named.FindAllStringSubmatch(text, -1) {
			found++
			if !hasName(exist, m[1], m[2] != "") {
				t.Errorf("%s names %s, which does not exist", path, m[1])
			}
		}
	}
	if found == 0 {
		t.Error("no tests are named: the pattern is wrong")
	}
}

func hasName(exist []string, name string, prefix bool) bool {
	for _, e := range exist {
		if e == name || prefix && strings.HasPrefix(e, name) {
			return true
		}
	}
	return false
}

var (
	link   = regexp.MustCompile(`\]\(([^)#\s]+)[^)]*\)`)
	fenced = regexp.MustCompile("(?s)```.*?```")
)

func TestDocsLinkToFilesThatExist(t *testing.T) {
	for path, text := range documents(t) {
		for _, m := range link.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
			if strings.Contains(m[1], ":") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), m[1])); err != nil {
				t.Errorf("%s links to %s: %v", path, m[1], err)
			}
		}
	}
}
