package session_test

import (
	"bytes"
	"go/ast"
	"go/build"
	"go/doc"
	"go/parser"
	"go/printer"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAPIList compares the package's exported declarations with testdata/api.txt, so that none changes unseen. After
// a change that is meant, go test -run TestAPIList -update writes the list anew.
func TestAPIList(t *testing.T) {
	got := exportedAPI(t)
	path := filepath.Join("testdata", "api.txt")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got == string(want) {
		return
	}
	old, now := lineSet(string(want)), lineSet(got)
	for line := range old {
		if !now[line] {
			t.Errorf("gone: %s", line)
		}
	}
	for line := range now {
		if !old[line] {
			t.Errorf("new: %s", line)
		}
	}
	t.Error("the exported API is not the one in testdata/api.txt; -update writes it")
}

func lineSet(text string) map[string]bool {
	set := make(map[string]bool)
	for line := range strings.Lines(text) {
		set[strings.TrimRight(line, "\n")] = true
	}
	return set
}

// exportedAPI prints every exported declaration of the package, in the order of their names.
func exportedAPI(t *testing.T) string {
	t.Helper()
	pkg, err := build.ImportDir(".", 0)
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range pkg.GoFiles {
		file, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	docs, err := doc.NewFromFiles(fset, files, "github.com/limpet-go/limpet/session")
	if err != nil {
		t.Fatal(err)
	}
	out := apiPrinter{t: t, fset: fset}
	out.values(docs.Consts, docs.Vars)
	out.funcs(docs.Funcs)
	for _, typ := range docs.Types {
		out.print(typ.Decl)
		out.values(typ.Consts, typ.Vars)
		out.funcs(typ.Funcs, typ.Methods)
	}
	return squeezed(out.text.String())
}

// squeezed drops empty lines and the columns of gofmt, which depend on more than the declarations.
func squeezed(text string) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		if words := strings.Fields(line); len(words) > 0 {
			indent := line[:len(line)-len(strings.TrimLeft(line, "\t"))]
			out.WriteString(indent + strings.Join(words, " ") + "\n")
		}
	}
	return out.String()
}

type apiPrinter struct {
	t    *testing.T
	fset *token.FileSet
	text bytes.Buffer
}

func (p *apiPrinter) values(lists ...[]*doc.Value) {
	for _, list := range lists {
		for _, v := range list {
			p.print(v.Decl)
		}
	}
}

func (p *apiPrinter) funcs(lists ...[]*doc.Func) {
	for _, list := range lists {
		for _, f := range list {
			f.Decl.Body = nil
			p.print(f.Decl)
		}
	}
}

func (p *apiPrinter) print(decl ast.Decl) {
	p.t.Helper()
	if err := printer.Fprint(&p.text, p.fset, decl); err != nil {
		p.t.Fatal(err)
	}
	p.text.WriteString("\n")
}
