package session

import (
	"database/sql/driver"
	"strings"
	"testing"
	"time"
)

func TestSQLScanPages(t *testing.T) {
	var asked []driver.NamedValue
	var answer [][]driver.Value
	fake := &fakeSQL{rows: func(args []driver.NamedValue) [][]driver.Value {
		asked = args
		return answer
	}}
	store := sqlStore(t, fake.open(t))
	answer = [][]driver.Value{{"a", int64(7), int64(60e6)}, {"b", int64(7), int64(0)}, {"c d", int64(0), int64(60e6)}}
	before := time.Now()
	page, next, err := store.Scan(t.Context(), "", 3)
	if err != nil || len(page) != 1 || page[0].ID != "a" || page[0].Size != 7 || next == "" {
		t.Fatalf("page %v, next %q, error %v; want the live session, and more to come", page, next, err)
	}
	if left := page[0].ExpiresAt.Sub(before); left < 59*time.Second || left > 61*time.Second {
		t.Errorf("expires in %v", left)
	}
	answer = [][]driver.Value{{"e", int64(0), int64(1 << 62)}}
	page, next, err = store.Scan(t.Context(), next, 3)
	if err != nil || asked[0].Value != "c d" || next != "" {
		t.Errorf("next page %v, %q, error %v, after %v", page, next, err, asked)
	}
	if !page[0].ExpiresAt.After(before.AddDate(290, 0, 0)) {
		t.Errorf("an expiry beyond what a duration holds is %v", page[0].ExpiresAt)
	}
}

func TestScanLimits(t *testing.T) {
	for limit, want := range map[int]int{-1: 1000, 0: 1000, 1: 1, 10_000: 10_000, 10_001: 10_000} {
		if got := scanLimit(limit); got != want {
			t.Errorf("limit %d: %d, want %d", limit, got, want)
		}
	}
}

func TestSQLScanRefusesMalformedCursors(t *testing.T) {
	fake := &fakeSQL{}
	store := sqlStore(t, fake.open(t))
	for _, cursor := range []string{"sql1", "sql1:", "sql2:YQ", "YQ", "sql1:YQ==", "sql1:Y", "sql1:YR", "sql1:Y Q"} {
		page, next, err := store.Scan(t.Context(), cursor, 0)
		if err == nil || strings.Contains(err.Error(), cursor) || page != nil || next != "" {
			t.Errorf("cursor %q: %v, %q, %v", cursor, page, next, err)
		}
	}
	if said := fake.said(); len(said) > 0 {
		t.Errorf("statements %q", said)
	}
}
