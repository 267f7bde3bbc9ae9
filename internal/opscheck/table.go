package opscheck

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Table holds the rows of a Markdown table by their first cell.
type Table map[string][]string

// ReadTable returns the first table beneath a heading of a Markdown file.
func ReadTable(t *testing.T, file, heading string) Table {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, below, ok := strings.Cut(string(text), "\n"+heading+"\n")
	if !ok {
		t.Fatalf("%s has no heading %q", file, heading)
	}
	table := Table{}
	for line := range strings.Lines(below) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "|"):
			cells := cellsOf(line)
			if table[cells[0]] != nil {
				t.Errorf("%s: two rows for %s", heading, cells[0])
			}
			table[cells[0]] = cells
		case len(table) > 0 || strings.HasPrefix(line, "#"):
			return table.body(t, heading)
		}
	}
	return table.body(t, heading)
}

func cellsOf(line string) []string {
	cells := strings.Split(strings.Trim(line, "|"), "|")
	for i, cell := range cells {
		cells[i] = strings.TrimSpace(cell)
	}
	return cells
}

// body drops the rows that name nothing: the head and the line beneath it.
func (table Table) body(t *testing.T, heading string) Table {
	t.Helper()
	for first := range table {
		if !strings.HasPrefix(first, "`") {
			delete(table, first)
		}
	}
	if len(table) == 0 {
		t.Fatalf("no table beneath %q", heading)
	}
	return table
}

var quoted = regexp.MustCompile("`([^`]+)`")

// names returns what a cell names in quotes, in ascending order.
func names(cell string) []string {
	var all []string
	for _, m := range quoted.FindAllStringSubmatch(cell, -1) {
		all = append(all, m[1])
	}
	slices.Sort(all)
	return all
}

// Lists checks that the first cells of the table name exactly what is wanted, each once.
func (table Table) Lists(t *testing.T, want []string) {
	t.Helper()
	listed := map[string]int{}
	for first := range table {
		for _, name := range names(first) {
			listed[name]++
		}
	}
	for _, name := range want {
		if listed[name] != 1 {
			t.Errorf("%q is documented %d times", name, listed[name])
		}
		delete(listed, name)
	}
	for name := range listed {
		t.Errorf("%q is documented and does not exist", name)
	}
}

// Fields returns the names of a struct's exported fields.
func Fields[T any]() []string {
	var all []string
	for _, f := range reflect.VisibleFields(reflect.TypeFor[T]()) {
		if f.IsExported() {
			all = append(all, f.Name)
		}
	}
	return all
}
