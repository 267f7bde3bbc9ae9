package session

import (
	"os"
	"strings"
	"testing"
)

// The document shows administrators, who may not let the program create its tables, what to run in its place.
func TestSQLTablesAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../docs/stores.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, dialect := range sqlDialects {
		var want strings.Builder
		for _, st := range textDialect(t, dialect, defaultSQLTable).create() {
			if len(st.args) == 0 { // not the lock
				want.WriteString(st.text + ";\n")
			}
		}
		if !strings.Contains(string(text), "```sql\n"+want.String()+"```\n") {
			t.Errorf("docs/stores.md does not show the tables of %s:\n%s", name, &want)
		}
	}
}
