// Command chart reads the output of benchmarks, as scripts/bench.sh keeps it in bench/out/raw.txt, and says how Limpet did
// beside its contenders: in tables on the standard output, or in place of those in a Markdown file, and in an SVG file.
//
//	go run ./chart -svg ../docs/benchmarks.svg -md ../docs/benchmarks.md out/raw.txt
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"slices"
)

// The tables of a Markdown file stand between these lines.
const (
	tablesBegin = "<!-- tables of stores: written by bench/chart -->\n"
	tablesEnd   = "<!-- end of tables -->\n"
)

func main() {
	svg := flag.String("svg", "", "write a chart to this file")
	md := flag.String("md", "", "write the tables into this file")
	flag.Parse()
	if err := run(flag.Args(), *svg, *md); err != nil {
		fmt.Fprintln(os.Stderr, "chart:", err)
		os.Exit(1)
	}
}

func run(files []string, svg, md string) error {
	m := measurements{}
	for _, name := range files {
		if err := m.readFile(name); err != nil {
			return err
		}
	}
	sections := compare(m)
	if len(sections) == 0 {
		return fmt.Errorf("nothing to compare in %d files", len(files))
	}
	var tables bytes.Buffer
	printTables(&tables, sections)
	if _, err := os.Stdout.Write(tables.Bytes()); err != nil {
		return err
	}
	if svg != "" {
		if err := os.WriteFile(svg, draw(sections), 0o644); err != nil {
			return err
		}
	}
	if md == "" {
		return nil
	}
	text, err := os.ReadFile(md)
	if err != nil {
		return err
	}
	if text, err = replaceTables(text, tables.Bytes()); err != nil {
		return fmt.Errorf("%s: %w", md, err)
	}
	return os.WriteFile(md, text, 0o644)
}

// replaceTables puts tables where the text has some.
func replaceTables(text, tables []byte) ([]byte, error) {
	before, rest, ok := bytes.Cut(text, []byte(tablesBegin))
	_, after, ok2 := bytes.Cut(rest, []byte(tablesEnd))
	if !ok || !ok2 {
		return nil, fmt.Errorf("the lines around the tables are missing")
	}
	return slices.Concat(before, []byte(tablesBegin), []byte("\n"), tables, []byte(tablesEnd), after), nil
}
