package storeurl

import (
	"net/url"
	"strings"
	"testing"
)

func TestParams(t *testing.T) {
	u := &url.URL{RawQuery: "table=a%20b&synchronous=full"}
	got, err := Params(u, "synchronous", "table")
	if err != nil || len(got) != 2 || got["table"] != "a b" || got["synchronous"] != "full" {
		t.Errorf("%v, %v", got, err)
	}
}

func TestParamsRefusesWhatWouldBeIgnored(t *testing.T) {
	for query, says := range map[string]string{
		"tabel=x":         "tabel",
		"table=x&table=y": "table is given 2 times",
		"table=%zz":       "malformed",
	} {
		_, err := Params(&url.URL{RawQuery: query}, "table")
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want an error that says %q", query, err, says)
		}
	}
	if _, err := Params(&url.URL{RawQuery: "x=1"}); err == nil || !strings.Contains(err.Error(), "has none") {
		t.Errorf("a scheme without parameters: %v", err)
	}
}

// A password with an unescaped question mark ends up in the query.
func TestParamsErrorsRepeatNoSecret(t *testing.T) {
	for _, query := range []string{"hunter2secret@host/db", "Hunter2Secret", "table=hunter2secret&table=x", "hunter2secret=%zz"} {
		_, err := Params(&url.URL{RawQuery: query}, "table")
		if err == nil || strings.Contains(strings.ToLower(err.Error()), "hunter2") {
			t.Errorf("error %v", err)
		}
	}
}
