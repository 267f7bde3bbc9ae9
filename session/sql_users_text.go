package session

import (
	"strconv"
	"time"
)

func (d *postgresDialect) setUser(row sqlRow, user string) statement {
	return statement{
		text: `INSERT INTO ` + d.users + ` (session_id, user_sum, expires_at)` +
			` VALUES ($1, $2, clock_timestamp() + $3::bigint * interval '1 millisecond')` +
			` ON CONFLICT (session_id) DO UPDATE SET user_sum = EXCLUDED.user_sum, expires_at = EXCLUDED.expires_at`,
		args: []any{row.id, user, row.milliseconds()},
	}
}

func (d *mysqlDialect) setUser(row sqlRow, user string) statement {
	return statement{
		text: `INSERT INTO ` + d.users + ` (session_id, user_sum, expires_at)` +
			` VALUES (?, ?, DATE_ADD(UTC_TIMESTAMP(3), INTERVAL ? MICROSECOND))` +
			` ON DUPLICATE KEY UPDATE user_sum = VALUES(user_sum), expires_at = VALUES(expires_at)`,
		args: []any{row.id, user, 1000 * row.milliseconds()},
	}
}

func (d *sqliteDialect) setUser(row sqlRow, user string) statement {
	return statement{
		text: `INSERT INTO ` + d.users + ` (session_id, user_sum, expires_at) VALUES (?, ?, ?)` +
			` ON CONFLICT (session_id) DO UPDATE SET user_sum = excluded.user_sum, expires_at = excluded.expires_at`,
		args: []any{row.id, user, sqliteText(row.expiresAt)},
	}
}

func (d *postgresDialect) unsetUser(id string) statement {
	return statement{text: `DELETE FROM ` + d.users + ` WHERE session_id = $1`, args: []any{id}}
}

func (d *mysqlDialect) unsetUser(id string) statement { return unsetUser(d.users, id) }

func (d *sqliteDialect) unsetUser(id string) statement { return unsetUser(d.users, id) }

func unsetUser(users, id string) statement {
	return statement{text: `DELETE FROM ` + users + ` WHERE session_id = ?`, args: []any{id}}
}

func (d *postgresDialect) userPage(user, after string, limit int) statement {
	return statement{
		text: `SELECT session_id FROM ` + d.users + ` WHERE user_sum = $1 AND session_id > $2 ORDER BY session_id LIMIT ` + strconv.Itoa(limit),
		args: []any{user, after},
	}
}

func (d *mysqlDialect) userPage(user, after string, limit int) statement {
	return userPage(d.users, user, after, limit)
}

func (d *sqliteDialect) userPage(user, after string, limit int) statement {
	return userPage(d.users, user, after, limit)
}

func userPage(users, user, after string, limit int) statement {
	return statement{
		text: `SELECT session_id FROM ` + users + ` WHERE user_sum = ? AND session_id > ? ORDER BY session_id LIMIT ` + strconv.Itoa(limit),
		args: []any{user, after},
	}
}

func (d *postgresDialect) endedUsers(time.Time) statement {
	return statement{text: endedUsersText(d.table, d.users, `now()`)}
}

func (d *mysqlDialect) endedUsers(time.Time) statement {
	return statement{text: endedUsersText(d.table, d.users, `UTC_TIMESTAMP(3)`)}
}

func (d *sqliteDialect) endedUsers(now time.Time) statement {
	return statement{text: endedUsersText(d.table, d.users, `?`), args: []any{sqliteText(now)}}
}

// endedUsersText looks up each session by itself: joined to so many entries, some engines would read all sessions.
func endedUsersText(table, users, now string) string {
	return `SELECT u.session_id, (SELECT s.id FROM ` + table + ` AS s WHERE s.id = u.session_id) IS NOT NULL FROM ` + users + ` AS u` +
		` WHERE u.expires_at <= ` + now + ` ORDER BY u.expires_at LIMIT ` + strconv.Itoa(sweepRows)
}

func (d *postgresDialect) keepUsers(ids []string, _ time.Time) statement {
	return statement{
		text: `UPDATE ` + d.users + ` AS u SET expires_at = GREATEST(u.expires_at, GREATEST(s.expires_at, now()) + interval '1 day')` +
			` FROM ` + d.table + ` AS s WHERE s.id = u.session_id AND u.session_id = ANY(string_to_array($1::text, ' '))`,
		args: []any{spaced(ids)},
	}
}

// keepUsers adds no day to the last instant that MySQL has.
func (d *mysqlDialect) keepUsers(ids []string, _ time.Time) statement {
	return statement{
		text: `UPDATE ` + d.users + ` AS u JOIN ` + d.table + ` AS s ON s.id = u.session_id SET u.expires_at = GREATEST(u.expires_at,` +
			` LEAST(GREATEST(s.expires_at, UTC_TIMESTAMP(3)), TIMESTAMP'9999-12-30 00:00:00') + INTERVAL 1 DAY)` +
			` WHERE u.session_id IN (` + repeated("?", len(ids)) + `)`,
		args: anys(ids),
	}
}

// keepUsers puts off by a day from now what SQLite cannot add a day to: the last instant it has, and a time that is
// none.
func (d *sqliteDialect) keepUsers(ids []string, now time.Time) statement {
	return statement{
		text: `UPDATE ` + d.users + ` SET expires_at = MAX(expires_at, COALESCE((SELECT strftime('%Y-%m-%d %H:%M:%f', MAX(s.expires_at, ?), '+1 day') FROM ` +
			d.table + ` AS s WHERE s.id = session_id), ?)) WHERE session_id IN (SELECT id FROM ` + d.table + ` WHERE id IN (` + repeated("?", len(ids)) + `))`,
		args: append([]any{sqliteText(now), sqliteText(now.Add(userGrace))}, anys(ids)...),
	}
}

func (d *postgresDialect) dropUsers(ids []string, _ time.Time) statement {
	return statement{
		text: `DELETE FROM ` + d.users + ` WHERE session_id = ANY(string_to_array($1::text, ' ')) AND expires_at <= now()`,
		args: []any{spaced(ids)},
	}
}

func (d *mysqlDialect) dropUsers(ids []string, _ time.Time) statement {
	return mysqlRemoveEnded(d.users, "session_id", ids)
}

func (d *sqliteDialect) dropUsers(ids []string, now time.Time) statement {
	return statement{
		text: `DELETE FROM ` + d.users + ` WHERE session_id IN (` + repeated("?", len(ids)) + `) AND expires_at <= ?`,
		args: append(anys(ids), sqliteText(now)),
	}
}
