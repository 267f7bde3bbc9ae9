package sqltest

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Texts are the statements that the store runs on this engine, by what they do.
func Texts(t testing.TB, dialect string) map[string]string {
	t.Helper()
	golden, err := os.ReadFile(filepath.Join("..", "..", "session", "testdata", "sql", dialect+".sql"))
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for section := range strings.SplitSeq("\n"+string(golden), "\n-- ") {
		name, text, _ := strings.Cut(section, "\n")
		texts[name] = strings.TrimSuffix(Plain(text), ";")
	}
	return texts
}

// A Plan says which indexes a statement uses, by parts of their names, in the engine's own account.
type Plan struct {
	Statement string
	Args      []any
	Uses      []string
}

// Plans checks that statements find their rows by indexes, in a table of many rows. explain returns the engine's account
// of how it would run a statement; scan is in it if some table would be read from one end to the other.
func Plans(t *testing.T, e Engine, dialect, scan string, explain func(t *testing.T, db *sql.DB, text string, args []any) string, plans []Plan) {
	db := e.Fresh(t)()
	e.Created(t, db, "vango_sessions")
	Expired(t, db, "vango_sessions", 10_000)
	Exec(t, db, "UPDATE vango_sessions SET expires_at = '2101-01-01 00:00:00.000' WHERE id LIKE '%1' OR id LIKE '%2' OR id LIKE '%3' OR id LIKE '%4'",
		"INSERT INTO vango_sessions_users (session_id, user_sum, expires_at) SELECT id, CONCAT('user-', SUBSTR(id, 5, 3)), expires_at FROM vango_sessions")
	for _, text := range e.Analyse {
		Exec(t, db, text)
	}
	texts := Texts(t, dialect)
	for _, plan := range plans {
		text := texts[plan.Statement]
		if text == "" {
			t.Fatalf("no statement %q", plan.Statement)
		}
		got := explain(t, db, text, plan.Args)
		for _, index := range plan.Uses {
			if !strings.Contains(got, index) || strings.Contains(got, scan) {
				t.Errorf("%s does not use %s alone:\n%s", plan.Statement, index, got)
			}
		}
	}
}

// Lines joins the rows of a query, with a space between their values.
func Lines(t testing.TB, db *sql.DB, text string, args ...any) string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), text, args...)
	if err != nil {
		t.Fatalf("%.200s: %v", text, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for rows.Next() {
		values, into := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		for _, value := range values {
			fmt.Fprint(&all, value.String, " ")
		}
		all.WriteString("\n")
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all.String()
}
