package session

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"time"
)

// sqliteTimes are the columns with times. sqliteForm is the pattern of those that the store writes.
var sqliteTimes = []string{"expires_at", "created_at", "updated_at"}

const sqliteForm = `[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9]`

// sqliteLayouts are the forms in which SQLite's functions and Go's drivers write times. A fraction of a second is
// read too where a layout has none; what has no zone is UTC.
var sqliteLayouts = []string{
	"2006-01-02 15:04:05",
	"2006-01-02 15:04:05Z07:00",
	"2006-01-02 15:04:05 -0700", // of time.Time.String
	"2006-01-02T15:04:05Z07:00",
	"2006-01-02T15:04:05",
	"2006-01-02",
}

// parseSQLiteTime leaves out the name of the zone, and the reading of the monotonic clock, after an offset.
func parseSQLiteTime(text string) (time.Time, bool) {
	fields := strings.Fields(text)
	text = strings.Join(fields[:min(len(fields), 3)], " ")
	for _, layout := range sqliteLayouts {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// normalise rewrites times that are text in another form than the store's, page by page.
func (d *sqliteDialect) normalise(ctx context.Context, conn *sql.Conn) error {
	foreign, texts := make([]string, len(sqliteTimes)), make([]string, len(sqliteTimes))
	for i, column := range sqliteTimes {
		foreign[i] = `(typeof(` + column + `) = 'text' AND ` + column + ` NOT GLOB '` + sqliteForm + `')`
		texts[i] = `CAST(` + column + ` AS TEXT)` // drivers make times of what has the declared type
	}
	page := statement{
		text: `SELECT id, ` + strings.Join(texts, ", ") + ` FROM ` + d.table + ` WHERE typeof(id) = 'text' AND id > ? AND (` +
			strings.Join(foreign, " OR ") + `) ORDER BY id LIMIT ` + strconv.Itoa(d.batchRows()),
		args: []any{""},
	}
	for {
		rows, err := queryTexts(ctx, conn, page, 1+len(sqliteTimes))
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, row := range rows {
			if err := d.normaliseRow(ctx, conn, row[0], row[1:]); err != nil {
				return err
			}
		}
		page.args[0] = rows[len(rows)-1][0]
	}
}

func (d *sqliteDialect) normaliseRow(ctx context.Context, conn *sql.Conn, id string, texts []string) error {
	var set []string
	var args []any
	for i, text := range texts {
		if t, ok := parseSQLiteTime(text); ok {
			set = append(set, sqliteTimes[i]+` = ?`)
			args = append(args, sqliteText(t))
		}
	}
	if len(set) == 0 {
		return nil
	}
	return execAll(ctx, conn, statement{
		text: `UPDATE ` + d.table + ` SET ` + strings.Join(set, ", ") + ` WHERE id = ?`,
		args: append(args, id),
	})
}
