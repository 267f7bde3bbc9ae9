package session

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

// userTexts writes the statements of the user index.
func userTexts(got *strings.Builder, d sqlDialect) {
	two := []string{"a", "b"}
	for _, st := range []struct {
		name string
		statement
	}{
		{"set user", d.setUser(textRows[0], "sum")},
		{"unset user", d.unsetUser("a")},
		{"user page", d.userPage("sum", "a", 7)},
		{"infos", d.infos(two, textNow)},
		{"ended users", d.endedUsers(textNow)},
		{"keep users", d.keepUsers(two, textNow)},
		{"drop users", d.dropUsers(two, textNow)},
	} {
		got.WriteString("-- " + st.name + "\n" + st.text + ";\n")
	}
}

func TestSQLUserArguments(t *testing.T) {
	now, second, day := "2026-01-02 03:04:05.006", "2026-01-02 03:04:06.006", "2026-01-03 03:04:05.006"
	two := []string{"a", "b"}
	for name, want := range map[string]struct{ set, infos, ended, keep, drop []any }{
		"postgres": {set: []any{"a", "sum", int64(1000)}, infos: []any{"a b"}, keep: []any{"a b"}, drop: []any{"a b"}},
		"mysql":    {set: []any{"a", "sum", int64(1e6)}, infos: []any{"a", "b"}, keep: []any{"a", "b"}, drop: []any{"a", "b"}},
		"sqlite": {
			set: []any{"a", "sum", second}, infos: []any{now, "a", "b"}, ended: []any{now}, keep: []any{now, day, "a", "b"},
			drop: []any{"a", "b", now},
		},
	} {
		d := textDialect(t, sqlDialects[name], "t")
		for what, c := range map[string]struct {
			got  statement
			want []any
		}{
			"set":   {d.setUser(textRows[0], "sum"), want.set},
			"unset": {d.unsetUser("a"), []any{"a"}},
			"page":  {d.userPage("sum", "a", 7), []any{"sum", "a"}},
			"infos": {d.infos(two, textNow), want.infos},
			"ended": {d.endedUsers(textNow), want.ended},
			"keep":  {d.keepUsers(two, textNow), want.keep},
			"drop":  {d.dropUsers(two, textNow), want.drop},
		} {
			if !reflect.DeepEqual(c.got.args, c.want) {
				t.Errorf("%s %s: arguments %v, want %v", name, what, c.got.args, c.want)
			}
		}
	}
}

func TestUserRowOutlivesItsSession(t *testing.T) {
	if row := userRow("a", textNow.Add(time.Hour), textNow); row.left != 25*time.Hour || !row.expiresAt.Equal(textNow.Add(25*time.Hour)) {
		t.Errorf("entry until %v", row.expiresAt)
	}
	if row := userRow("a", time.Time{}, textNow); row.left != 0 || !row.expiresAt.Equal(textNow) {
		t.Errorf("entry of a session long past until %v", row.expiresAt)
	}
}

func TestUserSumIsOfFixedForm(t *testing.T) {
	if sum := userSum("abc"); sum != "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" {
		t.Errorf("sum %s", sum)
	}
}
