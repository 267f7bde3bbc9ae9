package main

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"
)

const output = `goos: linux
BenchmarkRedis/op=save/callers=128/impl=plain-2    1  100.0 ops/s  4000000 p99-ns
BenchmarkRedis/op=save/callers=128/impl=limpet-2   1  160.0 ops/s  4000000 p99-ns
BenchmarkRedis/op=save/callers=128/impl=rueidis-2  1  150.0 ops/s  1 p99-ns
BenchmarkRedis/op=save/callers=128/impl=plain-2    1  100.0 ops/s  8000000 p99-ns
BenchmarkRedis/op=save/callers=128/impl=limpet-2   1  120.0 ops/s  3000000 p99-ns
BenchmarkRedis/op=save/callers=128/impl=limpet-2   1  900.0 ops/s  3000000 p99-ns
round 1 of 2: 6 measurements
PASS
`

func compared(t *testing.T) []section {
	t.Helper()
	m := measurements{}
	if err := m.read(strings.NewReader(output)); err != nil {
		t.Fatal(err)
	}
	return compare(m)
}

func TestMediansAreCompared(t *testing.T) {
	sections := compared(t)
	if len(sections) != 1 || len(sections[0].results) != 3 {
		t.Fatalf("sections %+v", sections)
	}
	for i, want := range []struct {
		theirs string
		ratio  float64
		met    bool
	}{{"plain", 1.6, true}, {"rueidis", 160.0 / 150, true}, {"plain", 2, true}} {
		if r := sections[0].results[i]; r.theirs != want.theirs || r.ratio != want.ratio || r.met() != want.met {
			t.Errorf("result %d: %s %v %t, want %+v", i, r.theirs, r.ratio, r.met(), want)
		}
	}
	if r := sections[0].results[0]; r.rounds != 3 {
		t.Errorf("%d rounds, want 3", r.rounds)
	}
}

func TestARatioUnderItsTargetIsMissed(t *testing.T) {
	m := measurements{}
	m.add("Redis/op=save/callers=128/impl=limpet", "ops/s", 149)
	m.add("Redis/op=save/callers=128/impl=plain", "ops/s", 100)
	r, ok := m.result(goals[0].goals[0])
	if !ok || r.met() {
		t.Errorf("result %+v, %t", r, ok)
	}
	var text strings.Builder
	printTables(&text, []section{{"X", []result{r}}})
	if !strings.Contains(text.String(), "| 1.49x | 1.50x | missed |") {
		t.Errorf("table %s", text.String())
	}
}

func TestTheChartIsXML(t *testing.T) {
	svg := string(draw(compared(t)))
	for d := xml.NewDecoder(strings.NewReader(svg)); ; {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if n := strings.Count(svg, `rx="2"`); n != 3+3 { // bars and the legend
		t.Errorf("%d bars", n)
	}
}

func TestTablesAreReplaced(t *testing.T) {
	text := "a\n" + tablesBegin + "old\n" + tablesEnd + "b\n"
	got, err := replaceTables([]byte(text), []byte("new\n"))
	if want := "a\n" + tablesBegin + "\nnew\n" + tablesEnd + "b\n"; string(got) != want || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := replaceTables([]byte("a\n"), nil); err == nil {
		t.Error("no error for a file without tables")
	}
}
