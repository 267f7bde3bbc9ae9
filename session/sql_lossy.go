package session

import (
	"context"
	"database/sql"
	"log/slog"
	"strings"
)

// warnOfTable names, once, the columns of a table made by hand that may lose what they are given. It is silent about a
// catalog that it cannot read.
func (s *SQLStore) warnOfTable(ctx context.Context) {
	query := s.dialect.lossy(s.maxBytes)
	if query.text == "" {
		return
	}
	var columns []string
	err := s.runner.read(ctx, query, func(rows *sql.Rows) error {
		columns = append(columns, "")
		return rows.Scan(&columns[len(columns)-1])
	})
	if err != nil || len(columns) == 0 {
		return
	}
	s.warned.Do(func() {
		slog.Warn(eventNarrowTable, "columns", strings.ToLower(strings.Join(columns, ", ")))
	})
}
