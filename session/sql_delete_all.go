package session

import "context"

// DeleteAll removes sessions, in ID order and bounded steps. See BatchStore for the contract.
func (s *SQLStore) DeleteAll(ctx context.Context, sessionIDs []string) error {
	ids := namedSessions(sessionIDs)
	ctx, done, err := s.beginBatch(ctx, ids)
	if err != nil {
		return err
	}
	defer done()
	return s.undone(s.inSteps(ctx, ids, upTo(s.dialect.batchRows()), func(ids []string) error {
		_, err := s.runner.run(ctx, s.dialect.remove(ids))
		return err
	}))
}

// remove locks the rows of a batch in ID order before it deletes any.
func (d *postgresDialect) remove(ids []string) statement {
	if len(ids) == 1 {
		return statement{text: `DELETE FROM ` + d.table + ` WHERE id = $1`, args: []any{ids[0]}}
	}
	return statement{
		text: `DELETE FROM ` + d.table + ` WHERE id = ANY(ARRAY(SELECT id FROM ` + d.table +
			` WHERE id = ANY(string_to_array($1::text, ' ')) ORDER BY id COLLATE "C" FOR UPDATE))`,
		args: []any{spaced(ids)},
	}
}

// remove goes along the primary key, and so in ID order.
func (d *mysqlDialect) remove(ids []string) statement {
	st := removeIDs(d.table, ids)
	if len(ids) > 1 {
		st.text += ` ORDER BY id`
	}
	st.fixed = d.fixed(len(ids))
	return st
}

func (d *sqliteDialect) remove(ids []string) statement { return removeIDs(d.table, ids) }

// removeIDs is the DELETE of the dialects with ? placeholders.
func removeIDs(table string, ids []string) statement {
	return statement{text: `DELETE FROM ` + table + ` WHERE id IN (` + repeated("?", len(ids)) + `)`, args: anys(ids)}
}
