package session

import (
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

var updateSQL = flag.Bool("update-sql", false, "write testdata/sql anew")

var (
	textNow  = time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.UTC)
	textRows = []sqlRow{
		{id: "a", data: []byte("one"), expiresAt: textNow.Add(time.Second), left: time.Second},
		{id: "b", data: []byte{}, expiresAt: textNow.Add(time.Minute), left: time.Minute - time.Microsecond},
		{id: "c", data: []byte("three"), expiresAt: textNow.AddDate(9000, 0, 0), left: 1<<63 - 1},
	}
)

var sqlDialects = map[string]SQLDialect{"postgres": DialectPostgreSQL, "mysql": DialectMySQL, "sqlite": DialectSQLite}

func textDialect(t *testing.T, dialect SQLDialect, table string) sqlDialect {
	t.Helper()
	_, d, err := newSQLDialect(dialect, table)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestSQLTexts(t *testing.T) {
	for name, dialect := range sqlDialects {
		d := textDialect(t, dialect, `app.we"ird`+"`s")
		var got strings.Builder
		for _, st := range d.create() {
			got.WriteString("-- create\n" + st.text + ";\n")
		}
		got.WriteString("-- load\n" + d.load("a", textNow).text + ";\n")
		got.WriteString("-- save one\n" + d.save(textRows[:1], textNow).text + ";\n")
		got.WriteString("-- save three\n" + d.save(textRows, textNow).text + ";\n")
		got.WriteString("-- touch\n" + d.touch(textRows[0], textNow).text + ";\n")
		got.WriteString("-- touch all\n" + d.touchAll(textRows, textNow)[0].text + ";\n")
		got.WriteString("-- load all\n" + d.loadAll([]string{"a", "b"}, textNow).text + ";\n")
		got.WriteString("-- scan\n" + d.scan("a", 100, textNow).text + ";\n")
		got.WriteString("-- remove one\n" + d.remove([]string{"a"}).text + ";\n")
		got.WriteString("-- remove two\n" + d.remove([]string{"a", "b"}).text + ";\n")
		got.WriteString("-- expired\n" + d.expired(textNow).text + ";\n")
		got.WriteString("-- remove expired\n" + d.removeExpired([]string{"a", "b"}, textNow).text + ";\n")
		userTexts(&got, d)
		golden(t, filepath.Join("testdata", "sql", name+".sql"), got.String())
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *updateSQL {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", path, got, want)
	}
}

func TestSQLArguments(t *testing.T) {
	const longest = int64(9223372036855) // milliseconds, rounded up
	now, second := "2026-01-02 03:04:05.006", "2026-01-02 03:04:06.006"
	for name, want := range map[string]struct{ load, one, three, touch, touchAll, loadAll, scan, removeOne, remove, expired []any }{
		"postgres": {
			load:      []any{"a"},
			one:       []any{"a", []byte("one"), int64(1000)},
			three:     []any{"a b c", []byte("onethree"), "1 4 4", "3 0 5", "1000 60000 9223372036855"},
			touch:     []any{"a", int64(1000)},
			touchAll:  []any{"a b c", "1000 60000 9223372036855"},
			loadAll:   []any{"a b"},
			scan:      []any{"a", 100},
			removeOne: []any{"a"},
			remove:    []any{"a b"},
		},
		"mysql": {
			load:      []any{"a"},
			one:       []any{"a", []byte("one"), int64(1e6)},
			three:     []any{"a", []byte("one"), int64(1e6), "b", []byte{}, int64(60e6), "c", []byte("three"), 1000 * longest},
			touch:     []any{int64(1e6), "a"},
			touchAll:  []any{"a", "b", "c", int64(1e6), int64(60e6), 1000 * longest, "a", "b", "c"},
			loadAll:   []any{"a", "b"},
			scan:      []any{"a", 100},
			removeOne: []any{"a"},
			remove:    []any{"a", "b"},
		},
		"sqlite": {
			load: []any{"a", now},
			one:  []any{"a", []byte("one"), second, now, now},
			three: []any{"a", []byte("one"), second, now, now, "b", []byte{}, "2026-01-02 03:05:05.006", now, now,
				"c", []byte("three"), "9999-12-31 23:59:59.999", now, now},
			touch:     []any{second, now, "a", now},
			touchAll:  []any{second, now, "a", now},
			loadAll:   []any{"a", "b", now},
			scan:      []any{now, "a", 100},
			removeOne: []any{"a"},
			remove:    []any{"a", "b"},
			expired:   []any{now},
		},
	} {
		d := textDialect(t, sqlDialects[name], "t")
		for what, c := range map[string]struct {
			got  statement
			want []any
		}{
			"load":       {d.load("a", textNow), want.load},
			"one":        {d.save(textRows[:1], textNow), want.one},
			"three":      {d.save(textRows, textNow), want.three},
			"touch":      {d.touch(textRows[0], textNow), want.touch},
			"touch all":  {d.touchAll(textRows, textNow)[0], want.touchAll},
			"load all":   {d.loadAll([]string{"a", "b"}, textNow), want.loadAll},
			"scan":       {d.scan("a", 100, textNow), want.scan},
			"remove one": {d.remove([]string{"a"}), want.removeOne},
			"remove":     {d.remove([]string{"a", "b"}), want.remove},
			"expired":    {d.expired(textNow), want.expired},
		} {
			if !reflect.DeepEqual(c.got.args, c.want) {
				t.Errorf("%s %s: arguments %v, want %v", name, what, c.got.args, c.want)
			}
		}
	}
}

func TestSQLTableNames(t *testing.T) {
	for name, want := range map[string]string{
		"t":             `"t"`,
		"select":        `"select"`,
		"a-b":           `"a-b"`,
		`we"ird`:        `"we""ird"`,
		"app.t":         `"app"."t"`,
		`a"p.t"; DROP`:  `"a""p"."t""; DROP"`,
		"Größe":         `"Größe"`,
		"\u00a0 spaced": "\"\u00a0 spaced\"",
	} {
		table, err := parseTableName(name)
		if got := table.quoted(`"`); err != nil || got != want {
			t.Errorf("%q: %s, %v, want %s", name, got, err, want)
		}
	}
	for _, name := range []string{"", ".", "a.", ".b", "a..b", "a.b.c", "a\x00b", "a\xff"} {
		if _, err := parseTableName(name); err == nil || len(name) > 1 && strings.Contains(err.Error(), name) {
			t.Errorf("%q: %v, want an error without the name", name, err)
		}
	}
}

// Two long names that differ late must not end up with one name for their index, which engines would cut off.
func TestSQLIndexNames(t *testing.T) {
	short := tableName{table: "vango_sessions"}.expiryIndex()
	if short != "idx_vango_sessions_expires" {
		t.Errorf("index %s", short)
	}
	long := strings.Repeat("x", 62)
	one, other := tableName{table: long + "1"}.expiryIndex(), tableName{table: long + "2"}.expiryIndex()
	if one == other || len(one) > maxPostgresName || len(other) > maxPostgresName {
		t.Errorf("indexes %s and %s", one, other)
	}
}

func TestSQLNameLengths(t *testing.T) {
	for _, c := range []struct {
		dialect SQLDialect
		table   string
		ok      bool
	}{
		{DialectPostgreSQL, strings.Repeat("é", 31), true},
		{DialectPostgreSQL, strings.Repeat("é", 32), false},
		{DialectPostgreSQL, strings.Repeat("s", 64) + ".t", false},
		{DialectMySQL, strings.Repeat("é", 64), true},
		{DialectMySQL, strings.Repeat("é", 65), false},
		{DialectSQLite, strings.Repeat("é", 1000), true},
		{SQLDialect(3), "t", false},
		{SQLDialect(-1), "t", false},
	} {
		if _, _, err := newSQLDialect(c.dialect, c.table); (err == nil) != c.ok {
			t.Errorf("dialect %d, name of %d bytes: %v", c.dialect, len(c.table), err)
		}
	}
}

func TestSQLRowLeft(t *testing.T) {
	if _, live := newSQLRow("a", SessionData{ExpiresAt: textNow}, textNow); live {
		t.Error("a session is live in the instant it expires")
	}
	row, live := newSQLRow("a", SessionData{ExpiresAt: textNow.Add(1)}, textNow)
	if !live || row.milliseconds() != 1 || row.data == nil {
		t.Errorf("a nanosecond left: live %v, %d ms, data %v", live, row.milliseconds(), row.data)
	}
}
