-- create
SELECT pg_advisory_xact_lock($1::bigint);
-- create
CREATE TABLE IF NOT EXISTS "app"."we""ird`s" (
	id VARCHAR(64) COLLATE "C" PRIMARY KEY,
	data BYTEA NOT NULL,
	expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE DEFAULT NOW(),
	updated_at TIMESTAMP WITH TIME ZONE DEFAULT NOW()
);
-- create
CREATE INDEX IF NOT EXISTS "idx_we""ird`s_expires" ON "app"."we""ird`s" (expires_at);
-- load
SELECT data FROM "app"."we""ird`s" WHERE id = $1 AND expires_at > clock_timestamp();
-- save one
INSERT INTO "app"."we""ird`s" (id, data, expires_at, created_at, updated_at) VALUES ($1, $2, clock_timestamp() + $3::bigint * interval '1 millisecond', now(), now()) ON CONFLICT (id) DO UPDATE SET data = EXCLUDED.data, expires_at = EXCLUDED.expires_at, updated_at = EXCLUDED.updated_at;
-- save three
INSERT INTO "app"."we""ird`s" (id, data, expires_at, created_at, updated_at) SELECT b.id, substring($2::bytea FROM b.first FOR b.size), clock_timestamp() + b.left_ms * interval '1 millisecond', now(), now() FROM unnest(string_to_array($1::text, ' '), string_to_array($3::text, ' ')::int[], string_to_array($4::text, ' ')::int[], string_to_array($5::text, ' ')::bigint[]) AS b(id, first, size, left_ms) ON CONFLICT (id) DO UPDATE SET data = EXCLUDED.data, expires_at = EXCLUDED.expires_at, updated_at = EXCLUDED.updated_at;
-- touch
UPDATE "app"."we""ird`s" SET expires_at = clock_timestamp() + $2::bigint * interval '1 millisecond', updated_at = now() WHERE id = $1 AND expires_at > clock_timestamp();
-- remove two
DELETE FROM "app"."we""ird`s" WHERE id = ANY(string_to_array($1::text, ' '));
-- sweep
DELETE FROM "app"."we""ird`s" WHERE id = ANY(ARRAY(SELECT id FROM "app"."we""ird`s" WHERE expires_at <= now() ORDER BY expires_at LIMIT 500 FOR UPDATE SKIP LOCKED)) AND expires_at <= now();
