-- create
CREATE TABLE IF NOT EXISTS "app"."we""ird`s" (
	id VARCHAR(64) NOT NULL PRIMARY KEY,
	data BYTEA NOT NULL,
	expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now')),
	updated_at TIMESTAMP WITH TIME ZONE DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now'))
);
-- create
CREATE INDEX IF NOT EXISTS "app"."idx_we""ird`s_expires" ON "we""ird`s" (expires_at);
-- create
CREATE TABLE IF NOT EXISTS "app"."we""ird`s_users" (
	session_id VARCHAR(64) NOT NULL PRIMARY KEY,
	user_sum VARCHAR(64) NOT NULL,
	expires_at TIMESTAMP WITH TIME ZONE NOT NULL
) WITHOUT ROWID;
-- create
CREATE INDEX IF NOT EXISTS "app"."idx_we""ird`s_users_user" ON "we""ird`s_users" (user_sum, session_id);
-- create
CREATE INDEX IF NOT EXISTS "app"."idx_we""ird`s_users_expires" ON "we""ird`s_users" (expires_at);
-- load
SELECT data FROM "app"."we""ird`s" WHERE id = ? AND expires_at > ?;
-- save one
INSERT INTO "app"."we""ird`s" (id, data, expires_at, created_at, updated_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET data = excluded.data, expires_at = excluded.expires_at, updated_at = excluded.updated_at;
-- save three
INSERT INTO "app"."we""ird`s" (id, data, expires_at, created_at, updated_at) VALUES (?, ?, ?, ?, ?), (?, ?, ?, ?, ?), (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET data = excluded.data, expires_at = excluded.expires_at, updated_at = excluded.updated_at;
-- touch
UPDATE "app"."we""ird`s" SET expires_at = ?, updated_at = ? WHERE id = ? AND expires_at > ?;
-- touch all
UPDATE "app"."we""ird`s" SET expires_at = ?, updated_at = ? WHERE id = ? AND expires_at > ?;
-- load all
SELECT id, data FROM "app"."we""ird`s" WHERE id IN (?, ?) AND expires_at > ?;
-- scan
SELECT id, LENGTH(data), COALESCE(CAST(ROUND((julianday(expires_at) - julianday(?)) * 86400000) AS INTEGER) * 1000, 0) FROM "app"."we""ird`s" WHERE typeof(id) = 'text' AND id > ? ORDER BY id LIMIT ?;
-- remove one
DELETE FROM "app"."we""ird`s" WHERE id IN (?);
-- remove two
DELETE FROM "app"."we""ird`s" WHERE id IN (?, ?);
-- expired
SELECT id FROM "app"."we""ird`s" WHERE expires_at <= ? ORDER BY expires_at LIMIT 500;
-- remove expired
DELETE FROM "app"."we""ird`s" WHERE id IN (?, ?) AND +expires_at <= ?;
-- set user
INSERT INTO "app"."we""ird`s_users" (session_id, user_sum, expires_at) VALUES (?, ?, ?) ON CONFLICT (session_id) DO UPDATE SET user_sum = excluded.user_sum, expires_at = excluded.expires_at;
-- unset user
DELETE FROM "app"."we""ird`s_users" WHERE session_id = ?;
-- user page
SELECT session_id FROM "app"."we""ird`s_users" WHERE user_sum = ? AND session_id > ? ORDER BY session_id LIMIT 7;
-- infos
SELECT id, LENGTH(data), COALESCE(CAST(ROUND((julianday(expires_at) - julianday(?)) * 86400000) AS INTEGER) * 1000, 0) FROM "app"."we""ird`s" WHERE id IN (?, ?);
-- ended users
SELECT u.session_id, (SELECT s.id FROM "app"."we""ird`s" AS s WHERE s.id = u.session_id) IS NOT NULL FROM "app"."we""ird`s_users" AS u WHERE u.expires_at <= ? ORDER BY u.expires_at LIMIT 500;
-- keep users
UPDATE "app"."we""ird`s_users" SET expires_at = MAX(expires_at, COALESCE((SELECT strftime('%Y-%m-%d %H:%M:%f', MAX(s.expires_at, ?), '+1 day') FROM "app"."we""ird`s" AS s WHERE s.id = session_id), ?)) WHERE session_id IN (SELECT id FROM "app"."we""ird`s" WHERE id IN (?, ?));
-- drop users
DELETE FROM "app"."we""ird`s_users" WHERE session_id IN (?, ?) AND expires_at <= ?;
