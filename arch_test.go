package limpet_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/limpet-go/limpet"

// layers are the project's packages from the bottom up: a package imports only from layers below its own, or
// from within its own folder.
var layers = [][]string{
	{"internal"},
	{"state"},
	{"session"},
	{"."},
	{"setup"},
	{"live", "admin"},
	{"drivers"},
	{"cmd", "integration", "bench"},
}

// rootRequires is everything the root module may require: users pay for what they import, and all of them
// import this.
var rootRequires = []string{
	"github.com/coder/websocket",
	"github.com/fxamacker/cbor/v2",
	"github.com/x448/float16", // of cbor
}

func TestArchImportsPointOneWay(t *testing.T) {
	for _, f := range sources(t, parser.ImportsOnly) {
		if f.isTest() {
			continue
		}
		from := layerOf(t, f.dir)
		for _, spec := range f.Imports {
			to, ours := imported(spec)
			if !ours || top(to) == top(f.dir) {
				continue
			}
			if layerOf(t, to) >= from {
				t.Errorf("%s imports %s, which is not below it", f.path, to)
			}
		}
	}
}

func TestArchNothingInternalImportsSession(t *testing.T) {
	for _, f := range sources(t, parser.ImportsOnly) {
		for _, spec := range f.Imports {
			if to, ours := imported(spec); ours && top(f.dir) == "internal" && top(to) != "internal" {
				t.Errorf("%s imports %s", f.path, to)
			}
		}
	}
}

func TestArchRootModuleStaysLight(t *testing.T) {
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range regexp.MustCompile(`(?m)^(?:require)?\s+(\S+\.\S+/\S+) v`).FindAllSubmatch(mod, -1) {
		got = append(got, string(m[1]))
	}
	slices.Sort(got)
	if !slices.Equal(got, rootRequires) {
		t.Errorf("go.mod requires %q, want %q", got, rootRequires)
	}
	if bytes.Contains(mod, []byte("replace")) {
		t.Error("go.mod replaces a module, which does not reach users")
	}
}

func TestArchFilesAreShort(t *testing.T) {
	for _, f := range sources(t, parser.PackageClauseOnly) {
		limit := 400
		if f.isTest() {
			limit = 600
		}
		if f.lines > limit {
			t.Errorf("%s has %d lines, more than %d: one idea a file", f.path, f.lines, limit)
		}
	}
}

func TestArchEveryPackageAndExportedSymbolIsDocumented(t *testing.T) {
	documented := map[string]bool{}
	for _, f := range sources(t, parser.ParseComments) {
		if f.isTest() {
			continue
		}
		documented[f.dir] = documented[f.dir] || f.Doc != nil
		for _, name := range undocumented(f.File) {
			t.Errorf("%s: %s has no doc comment", f.path, name)
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(documented)) {
		if !documented[dir] {
			t.Errorf("package in %s has no doc comment", dir)
		}
	}
}

func TestArchUsersNeverSeeAPanicOfOurs(t *testing.T) {
	for _, f := range sources(t, 0) {
		if f.isTest() {
			continue
		}
		ast.Inspect(f.File, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				if fun, ok := call.Fun.(*ast.Ident); ok && fun.Name == "panic" {
					t.Errorf("%s panics: bad input gets an error", f.path)
				}
			}
			return true
		})
	}
}

type source struct {
	*ast.File
	path, dir string
	lines     int
}

func (s source) isTest() bool { return strings.HasSuffix(s.path, "_test.go") }

// sources parses every Go file of every module of the project.
func sources(t *testing.T, mode parser.Mode) []source {
	t.Helper()
	var all []source
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && p != "." && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".")) {
			return filepath.SkipDir
		}
		if d.IsDir() || filepath.Ext(p) != ".go" {
			return nil
		}
		text, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), p, text, mode)
		if err != nil {
			return err
		}
		p = filepath.ToSlash(p)
		all = append(all, source{File: f, path: p, dir: path.Dir(p), lines: bytes.Count(text, []byte("\n"))})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// imported returns the folder an import of ours is in.
func imported(spec *ast.ImportSpec) (dir string, ours bool) {
	p, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		return "", false
	}
	if p == module {
		return ".", true
	}
	return strings.CutPrefix(p, module+"/")
}

func top(dir string) string {
	first, _, _ := strings.Cut(dir, "/")
	return first
}

func layerOf(t *testing.T, dir string) int {
	t.Helper()
	for i, l := range layers {
		if slices.Contains(l, top(dir)) {
			return i
		}
	}
	t.Fatalf("folder %s is in no layer: docs/architecture.md and this test say where each belongs", dir)
	return -1
}

// undocumented lists the exported declarations of a file that have no comment of their own or of their group.
func undocumented(f *ast.File) []string {
	var names []string
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Doc == nil && d.Name.IsExported() && exportedReceiver(d) {
				names = append(names, d.Name.Name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				names = append(names, undocumentedSpec(d, spec)...)
			}
		}
	}
	return names
}

func undocumentedSpec(d *ast.GenDecl, spec ast.Spec) []string {
	var doc, line *ast.CommentGroup
	var idents []*ast.Ident
	switch s := spec.(type) {
	case *ast.TypeSpec:
		doc, line, idents = s.Doc, s.Comment, []*ast.Ident{s.Name}
	case *ast.ValueSpec:
		doc, line, idents = s.Doc, s.Comment, s.Names
	}
	if doc != nil || line != nil || d.Doc != nil {
		return nil
	}
	var names []string
	for _, id := range idents {
		if id.IsExported() {
			names = append(names, id.Name)
		}
	}
	return names
}

// exportedReceiver reports whether a function is one of an exported type, or of none. Error says nothing that
// its type does not.
func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	typ := d.Recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	if index, ok := typ.(*ast.IndexExpr); ok {
		typ = index.X
	}
	id, ok := typ.(*ast.Ident)
	return ok && id.IsExported() && d.Name.Name != "Error"
}
