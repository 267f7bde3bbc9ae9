package session

import (
	"context"
	"database/sql"
	"slices"
	"sync"
	"time"
)

// loadAllRows is how many sessions one query asks for. Its answer is read row by row.
const loadAllRows = 250

// LoadAll returns the data of the live sessions among these, in bounded steps. See BatchStore for the contract.
func (s *SQLStore) LoadAll(ctx context.Context, sessionIDs []string) (map[string][]byte, error) {
	ids := namedSessions(sessionIDs)
	ctx, done, err := s.beginBatch(ctx, ids)
	if err != nil {
		return nil, err
	}
	defer done()
	var mu sync.Mutex // guards found
	found := make(map[string][]byte, len(ids))
	failed, cause := s.inSteps(ctx, ids, upTo(loadAllRows), func(ids []string) error {
		return s.runner.read(ctx, s.dialect.loadAll(ids, time.Now()), func(rows *sql.Rows) error {
			id, data, err := loadNamed(rows, ids)
			if data != nil {
				mu.Lock()
				defer mu.Unlock()
				found[id] = data
			}
			return err
		})
	})
	failed = slices.DeleteFunc(failed, func(id string) bool { return found[id] != nil })
	return found, s.undone(failed, cause)
}

// loadNamed takes a row if it is that of one of these IDs, byte for byte: a table made by hand may have a collation
// that takes others for equal.
func loadNamed(rows *sql.Rows, ids []string) (id string, data []byte, err error) {
	if err := rows.Scan(&id, &data); err != nil {
		return "", nil, err
	}
	if _, named := slices.BinarySearch(ids, id); !named {
		return "", nil, nil
	}
	return id, notNil(data), nil
}

func notNil(data []byte) []byte {
	if data == nil {
		return []byte{}
	}
	return data
}

func (d *postgresDialect) loadAll(ids []string, _ time.Time) statement {
	return statement{
		text: `SELECT ` + postgresID + `, data FROM ` + d.table + ` WHERE id = ANY(string_to_array($1::text, ' ')) AND expires_at > clock_timestamp()`,
		args: []any{spaced(ids)},
	}
}

func (d *mysqlDialect) loadAll(ids []string, _ time.Time) statement {
	return statement{
		text:  `SELECT id, data FROM ` + d.table + ` WHERE id IN (` + repeated("?", len(ids)) + `) AND expires_at > UTC_TIMESTAMP(3)`,
		args:  anys(ids),
		fixed: len(ids) == loadAllRows,
	}
}

func (d *sqliteDialect) loadAll(ids []string, now time.Time) statement {
	return statement{
		text: `SELECT id, data FROM ` + d.table + ` WHERE id IN (` + repeated("?", len(ids)) + `) AND expires_at > ?`,
		args: append(anys(ids), sqliteText(now)),
	}
}

func anys(list []string) []any {
	all := make([]any, len(list), len(list)+1)
	for i, s := range list {
		all[i] = s
	}
	return all
}
