package main

// goal is one comparison: Limpet's median beside a contender's in the same benchmark.
type goal struct {
	label  string
	bench  string // the benchmark's name up to the contender's
	ours   string // Limpet's contender; "limpet" if empty
	theirs string
	unit   string
	target float64 // at least so many times better; 0: none was set
}

// less lists the units of which less is better.
var less = map[string]bool{"p99-ns": true, "p50-ns": true, "extra-MB": true}

// goals are the sections of the table and the chart. A ratio says how many times better Limpet is, so that a p99 of half the
// contender's is 2.
var goals = []struct {
	title string
	goals []goal
}{
	{"Redis", []goal{
		{"128 sessions saved at once", "Redis/op=save/callers=128", "", "plain", "ops/s", 1.5},
		{"", "Redis/op=save/callers=128", "", "rueidis", "ops/s", 1},
		{"", "Redis/op=save/callers=128", "", "scs", "ops/s", 0},
		{"– their 99th percentile", "Redis/op=save/callers=128", "", "plain", "p99-ns", 2},
		{"1,024 sessions saved at once", "Redis/op=save/callers=1024", "", "plain", "ops/s", 3},
		{"", "Redis/op=save/callers=1024", "", "rueidis", "ops/s", 1},
		{"", "Redis/op=save/callers=1024", "", "scs", "ops/s", 0},
		{"", "Redis/op=save/callers=1024", "", "limit", "ops/s", 0.65},
		{"– their 99th percentile", "Redis/op=save/callers=1024", "", "plain", "p99-ns", 2},
		{"128 sessions touched at once", "Redis/op=touch/callers=128", "", "plain", "ops/s", 0},
		{"SaveAll, 100,000 sessions", "Redis/op=saveall/n=100000", "", "plain", "rows/s", 1.15},
		{"", "Redis/op=saveall/n=100000", "", "rueidis", "rows/s", 0},
		{"", "Redis/op=saveall/n=100000", "", "limit", "rows/s", 0.75},
		{"– memory it takes besides", "Redis/op=saveall/n=100000", "", "plain", "extra-MB", 0},
	}},
	{"PostgreSQL", []goal{
		{"128 sessions saved at once", "Postgres/op=save/callers=128", "", "plain", "ops/s", 2.8},
		{"", "Postgres/op=save/callers=128", "", "scs", "ops/s", 0},
		{"– their 99th percentile", "Postgres/op=save/callers=128", "", "plain", "p99-ns", 0},
		{"1,024 sessions saved at once", "Postgres/op=save/callers=1024", "", "plain", "ops/s", 0},
		{"128 sessions touched at once", "Postgres/op=touch/callers=128", "", "plain", "ops/s", 4.5},
		{"– on the documented table", "Postgres/op=touch/callers=128", "documented", "plain", "ops/s", 4.5},
		{"SaveAll, 10,000 sessions", "Postgres/op=saveall/n=10000", "", "plain", "rows/s", 7},
		{"– on the documented table", "Postgres/op=saveall/n=10000", "documented", "plain", "rows/s", 4.3},
		{"", "Postgres/op=saveall/n=10000", "", "copy", "rows/s", 0.55},
		{"Load, median", "Postgres/op=load/callers=1", "", "documented", "p50-ns", 2},
		{"", "Postgres/op=load/callers=1", "", "plain", "p50-ns", 0},
	}},
	{"MariaDB", []goal{
		{"64 sessions saved at once", "MariaDB/op=save/callers=64", "", "plain", "ops/s", 2.3},
		{"", "MariaDB/op=save/callers=64", "", "scs", "ops/s", 0},
		{"1,024 sessions saved at once", "MariaDB/op=save/callers=1024", "", "plain", "ops/s", 0},
		{"128 sessions touched at once", "MariaDB/op=touch/callers=128", "", "plain", "ops/s", 0},
		{"SaveAll, 10,000 sessions", "MariaDB/op=saveall/n=10000", "", "plain", "rows/s", 4},
	}},
	{"SQLite", []goal{
		{"128 sessions saved at once, FULL", "SQLite/op=save/callers=128", "", "plain", "ops/s", 5.5},
		{"", "SQLite/op=save/callers=128", "", "scs", "ops/s", 0},
		{"– without a Manager", "SQLite/op=save/callers=128", "direct", "plain", "ops/s", 5.5},
		{"1,024 sessions saved at once, FULL", "SQLite/op=save/callers=1024", "", "plain", "ops/s", 10},
		{"– without a Manager", "SQLite/op=save/callers=1024", "direct", "plain", "ops/s", 10},
		{"128 sessions saved at once, NORMAL", "SQLiteNormal/op=save/callers=128", "", "plain", "ops/s", 2.2},
		{"– without a Manager", "SQLiteNormal/op=save/callers=128", "direct", "plain", "ops/s", 2.2},
	}},
}
