package opscheck

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// write makes a package in a folder of its own.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const twoEvents = "package p\nconst (\neventA = \"p: a\"\neventB = \"p: b\"\nother = \"p: c\"\n)\n"

func TestEventsAreTheConstantsOfTheirName(t *testing.T) {
	events := Events(t, write(t, map[string]string{"events.go": twoEvents}))
	if len(events) != 2 || events["eventA"] != "p: a" || events["eventB"] != "p: b" {
		t.Errorf("%v", events)
	}
}

func TestCallsAcceptsListedEvents(t *testing.T) {
	Calls(t, write(t, map[string]string{
		"events.go": twoEvents,
		"a.go":      "package p\nfunc a() { log.Warn(eventA, 1); m.event(x, eventB); _ = err.Error() }\n",
		"a_test.go": "package p\nfunc b() { t.Error(\"p: c\") }\n",
	}))
}

func TestALogCallWithATextOfItsOwnIsFound(t *testing.T) {
	dir := write(t, map[string]string{"a.go": "package p\nfunc a() { slog.Info(\"p: c\"); log.LogAttrs(nil, 1, other) }\n"})
	events, found := map[string]string{"eventA": "p: a"}, 0
	for _, call := range callsIn(parse(t, filepath.Join(dir, "a.go"))) {
		if isLog(call) && constant(call, events) == "" {
			found++
		}
	}
	if found != 2 {
		t.Errorf("found %d, want 2", found)
	}
}

const doc = "# Title\n\n## Events\n\nWords.\n\n| event | level | attributes |\n| --- | --- | --- |\n" +
	"| `p: a` | warn | `error`, `session` |\n| `p: b`, `p: c` | info | |\n\n| `no` | part |\n\n## Next\n\n| `x` | y |\n"

func TestReadTableReadsTheTableBeneathItsHeading(t *testing.T) {
	file := filepath.Join(write(t, map[string]string{"doc.md": doc}), "doc.md")
	table := ReadTable(t, file, "## Events")
	table.Lists(t, []string{"p: a", "p: b", "p: c"})
	if row := table["`p: a`"]; len(table) != 2 || row[1] != "warn" || !slices.Equal(names(row[2]), []string{"error", "session"}) {
		t.Errorf("%q", table)
	}
}

func TestFieldsAreTheExportedOnes(t *testing.T) {
	type config struct {
		B, A int
		c    int
	}
	_ = config{}.c
	if got := Fields[config](); !slices.Equal(got, []string{"B", "A"}) {
		t.Errorf("%q", got)
	}
}

func TestLogKeepsEventsAndText(t *testing.T) {
	var l Log
	l.Logger().Warn("p: a", "session", "h", "error", errors.New("late"))
	l.Logger().Error("p: a", "reason", "x")
	if got := l.seen["p: a"]; !slices.Equal(got.Levels, []string{"error", "warn"}) || !slices.Equal(got.Attrs, []string{"error", "reason", "session"}) {
		t.Errorf("%+v", got)
	}
	l.Hides(t, "secret")
	l.Agrees(t, map[string]string{"eventA": "p: a", "eventB": "p: b"},
		Table{"`p: a`": {"`p: a`", "error, warn", "`error`, `reason`, `session`"}}, map[string]string{"eventB": "cannot happen"})
}
