// Package opscheck holds tests to what operators are promised: that every line of the log has a stable text from one
// list, says nothing that is secret, and that docs/operations.md lists the events, settings and figures that there are.
package opscheck

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// EventsFile is where a package declares its events, and the helpers that log them.
const EventsFile = "events.go"

// logMethods are slog's, and those of the packages' own helpers.
var logMethods = []string{
	"Debug", "DebugContext", "Info", "InfoContext", "Warn", "WarnContext", "Error", "ErrorContext", "Log", "LogAttrs",
	"event", "warn",
}

// Events returns the events that the package in a folder declares: the texts of its constants, by their names.
func Events(t *testing.T, dir string) map[string]string {
	t.Helper()
	events := map[string]string{}
	ast.Inspect(parse(t, filepath.Join(dir, EventsFile)), func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, "event") {
			return true
		}
		text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		events[spec.Names[0].Name] = text
		return true
	})
	if len(events) == 0 {
		t.Fatalf("no events in %s", dir)
	}
	return events
}

// Calls checks that every log call of the package in a folder names one of its events, and that each of them is used.
func Calls(t *testing.T, dir string) {
	t.Helper()
	events, used := Events(t, dir), map[string]bool{}
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") || filepath.Base(file) == EventsFile {
			continue
		}
		for _, call := range callsIn(parse(t, file)) {
			if !isLog(call) {
				continue
			}
			name := constant(call, events)
			if name == "" {
				t.Errorf("%s: a log call whose text is none of the constants in %s", file, EventsFile)
			}
			used[name] = true
		}
	}
	for name := range events {
		if !used[name] {
			t.Errorf("%s is never logged", name)
		}
	}
}

func callsIn(f *ast.File) []*ast.CallExpr {
	var calls []*ast.CallExpr
	ast.Inspect(f, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			calls = append(calls, call)
		}
		return true
	})
	return calls
}

// isLog reports whether a call may write to the log. Error without arguments is an error's method, http.Error an answer.
func isLog(call *ast.CallExpr) bool {
	fun, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || len(call.Args) == 0 || !slices.Contains(logMethods, fun.Sel.Name) {
		return false
	}
	pkg, ok := fun.X.(*ast.Ident)
	return !ok || pkg.Name != "http"
}

// constant returns the event that a call names.
func constant(call *ast.CallExpr, events map[string]string) string {
	for _, arg := range call.Args {
		if id, ok := arg.(*ast.Ident); ok && events[id.Name] != "" {
			return id.Name
		}
	}
	return ""
}

func parse(t *testing.T, file string) *ast.File {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	f, err := parser.ParseFile(token.NewFileSet(), file, text, 0)
	if err != nil {
		t.Fatal(err)
	}
	return f
}
