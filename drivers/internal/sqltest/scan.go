package sqltest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

// Scan checks the listing of sessions, and Ping.
func Scan(t *testing.T, e Engine) {
	for name, check := range map[string]func(*testing.T, Engine){
		"pages end where the next begins":     scanPages,
		"rows that are no sessions":           scanOddRows,
		"IDs that are no text":                scanForeignIDs,
		"a row that never expires":            scanForever,
		"a row that expired before all time":  scanNever,
		"the table of sessions is missing":    scanWithoutTable,
		"a page reads no more than its limit": scanPlan,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, e)
		})
	}
}

func saveSome(t *testing.T, store *session.SQLStore, n int) {
	t.Helper()
	batch := map[string]session.SessionData{}
	for i := range n {
		batch[fmt.Sprintf("%04d", i)] = session.SessionData{Data: make([]byte, i), ExpiresAt: time.Now().Add(time.Hour)}
	}
	if err := store.SaveAll(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
}

// scanPages deletes and adds rows between pages, and the last row of a page.
func scanPages(t *testing.T, e Engine) {
	store := e.Created(t, e.Fresh(t)(), "vango_sessions")
	saveSome(t, store, 50)
	seen, cursor := 0, ""
	for {
		page, next, err := store.Scan(t.Context(), cursor, 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, info := range page {
			if want := fmt.Sprintf("%04d", seen); info.ID != want || info.Size != seen {
				t.Fatalf("session %d has the ID %s and %d bytes", seen, info.ID, info.Size)
			}
			seen++
		}
		if next == "" {
			break
		}
		if err := store.Delete(t.Context(), page[len(page)-1].ID); err != nil {
			t.Fatal(err)
		}
		Save(t, store, "0000-again", "behind")
		cursor = next
	}
	if seen != 50 {
		t.Errorf("%d sessions, want 50", seen)
	}
}

// scanOddRows has rows that somebody wrote by hand, on both sides of a cursor.
func scanOddRows(t *testing.T, e Engine) {
	db := e.Fresh(t)()
	store := e.Created(t, db, "vango_sessions")
	saveSome(t, store, 3)
	Exec(t, db, "INSERT INTO vango_sessions (id, data, expires_at) SELECT '', data, expires_at FROM vango_sessions WHERE id = '0000'",
		"INSERT INTO vango_sessions (id, data, expires_at) SELECT '0000 a', data, expires_at FROM vango_sessions WHERE id = '0000'",
		"INSERT INTO vango_sessions (id, data, expires_at) SELECT '0001 b', data, expires_at FROM vango_sessions WHERE id = '0000'")
	var ids []string
	for cursor := ""; ; {
		page, next, err := store.Scan(t.Context(), cursor, 1)
		if err != nil || len(page) > 1 {
			t.Fatalf("page %v, %v", page, err)
		}
		for _, info := range page {
			ids = append(ids, info.ID)
		}
		if next == "" {
			break
		}
		cursor = next
	}
	if got := strings.Join(ids, " "); got != "0000 0001 0002" {
		t.Errorf("listed %q", got)
	}
}

// scanForeignIDs has IDs with bytes that no session's has, as far as the engine takes them, where pages end.
func scanForeignIDs(t *testing.T, e Engine) {
	db := e.Fresh(t)()
	store := e.Created(t, db, "vango_sessions")
	saveSome(t, store, 3)
	var ids []string
	switch e.Dialect {
	case session.DialectMySQL:
		ids = []string{"'0000\x00b'"}
	case session.DialectSQLite:
		ids = []string{"CAST(x'3030303062ff' AS TEXT)", "CAST(x'303030300063' AS TEXT)", "CAST(x'3030303162ff' AS BLOB)", "x''"}
	}
	for _, id := range ids {
		Exec(t, db, "INSERT INTO vango_sessions (id, data, expires_at) SELECT "+id+", data, expires_at FROM vango_sessions WHERE id = '0000'")
	}
	for limit := 1; limit < 4; limit++ {
		var listed []string
		pages, cursor := 0, ""
		for {
			page, next, err := store.Scan(t.Context(), cursor, limit)
			if pages++; err != nil || pages > 20 {
				t.Fatalf("page %d of %d rows: %v", pages, limit, err)
			}
			for _, info := range page {
				listed = append(listed, info.ID)
			}
			if cursor = next; next == "" {
				break
			}
		}
		if got := strings.Join(listed, " "); got != "0000 0001 0002" {
			t.Errorf("pages of %d rows list %q", limit, got)
		}
	}
}

// scanNever has a time of expiry that PostgreSQL can subtract nothing from.
func scanNever(t *testing.T, e Engine) {
	db := e.Fresh(t)()
	store := e.Created(t, db, "vango_sessions")
	saveSome(t, store, 2)
	never := "1000-01-01 00:00:00"
	if e.Dialect == session.DialectPostgreSQL {
		never = "-infinity"
	}
	Exec(t, db, "UPDATE vango_sessions SET expires_at = '"+never+"' WHERE id = '0000'")
	page, _, err := store.Scan(t.Context(), "", 0)
	if err != nil || len(page) != 1 || page[0].ID != "0001" {
		t.Errorf("Scan: %v, %v", page, err)
	}
	for _, id := range []string{"0000", "0001"} {
		if err := store.SetUser(t.Context(), id, "alice", time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	infos, err := store.UserSessions(t.Context(), "alice")
	if err != nil || len(infos) != 1 || infos[0].ID != "0001" {
		t.Errorf("UserSessions: %v, %v", infos, err)
	}
}

func scanForever(t *testing.T, e Engine) {
	db := e.Fresh(t)()
	store := e.Created(t, db, "vango_sessions")
	Save(t, store, "s1", "")
	forever := "9999-12-31 23:59:59"
	if e.Dialect == session.DialectPostgreSQL {
		forever = "infinity"
	}
	Exec(t, db, "UPDATE vango_sessions SET expires_at = '"+forever+"'")
	page, _, err := store.Scan(t.Context(), "", 0)
	if err != nil || len(page) != 1 || page[0].ExpiresAt.Before(time.Now().AddDate(290, 0, 0)) {
		t.Errorf("Scan: %v, %v", page, err)
	}
}

func scanWithoutTable(t *testing.T, e Engine) {
	db := e.Fresh(t)()
	store := e.Created(t, db, "vango_sessions")
	saveSome(t, store, 3)
	if err := store.Ping(t.Context()); err != nil {
		t.Errorf("Ping: %v", err)
	}
	Exec(t, db, "DROP TABLE vango_sessions")
	_, _, scanErr := store.Scan(t.Context(), "", 0)
	_, loadErr := store.LoadAll(t.Context(), []string{"0000"})
	for call, err := range map[string]error{
		"Ping": store.Ping(t.Context()), "Scan": scanErr, "LoadAll": loadErr,
		"TouchAll":  store.TouchAll(t.Context(), map[string]time.Time{"0000": time.Now().Add(time.Hour)}),
		"DeleteAll": store.DeleteAll(t.Context(), []string{"0000"}),
	} {
		if err == nil || errors.Is(err, session.ErrStoreClosed{}) {
			t.Errorf("%s: %v", call, err)
		}
	}
}

// scanPlan asks the engine how it reads a page: along the primary key, which stops at the limit.
func scanPlan(t *testing.T, e Engine) {
	db := e.Fresh(t)()
	store := e.Created(t, db, "vango_sessions")
	saveSome(t, store, 1000)
	query, want := "EXPLAIN SELECT id, data, expires_at FROM vango_sessions WHERE id > '0100' ORDER BY id LIMIT 10", "PRIMARY"
	switch e.Dialect {
	case session.DialectPostgreSQL:
		Exec(t, db, "ANALYZE vango_sessions")
		want = "Index Scan using vango_sessions_pkey"
	case session.DialectSQLite:
		query, want = strings.Replace(query, "EXPLAIN", "EXPLAIN QUERY PLAN", 1), "(id>?)"
	}
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var plan strings.Builder
	for rows.Next() {
		row := make([]any, len(columns))
		for i := range row {
			row[i] = new([]byte)
		}
		if err := rows.Scan(row...); err != nil {
			t.Fatal(err)
		}
		for _, value := range row {
			fmt.Fprintf(&plan, "%s ", *value.(*[]byte))
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if got := plan.String(); !strings.Contains(got, want) || strings.Contains(strings.ToLower(got), "sort") {
		t.Errorf("plan %q, want %q and nothing sorted", got, want)
	}
}
