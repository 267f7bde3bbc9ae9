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
-- load
SELECT data FROM "app"."we""ird`s" WHERE id = ? AND expires_at > ?;
-- save one
INSERT INTO "app"."we""ird`s" (id, data, expires_at, created_at, updated_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET data = excluded.data, expires_at = excluded.expires_at, updated_at = excluded.updated_at;
-- save three
INSERT INTO "app"."we""ird`s" (id, data, expires_at, created_at, updated_at) VALUES (?, ?, ?, ?, ?), (?, ?, ?, ?, ?), (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET data = excluded.data, expires_at = excluded.expires_at, updated_at = excluded.updated_at;
-- touch
UPDATE "app"."we""ird`s" SET expires_at = ?, updated_at = ? WHERE id = ? AND expires_at > ?;
-- remove two
DELETE FROM "app"."we""ird`s" WHERE id IN (?, ?);
-- sweep
DELETE FROM "app"."we""ird`s" WHERE id IN (SELECT id FROM "app"."we""ird`s" WHERE expires_at <= ? LIMIT 500);
