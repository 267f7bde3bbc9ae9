-- create
SELECT pg_advisory_xact_lock($1::bigint # hashtext(COALESCE(NULLIF($2::text, ''), current_schema(), '')));
-- create
CREATE TABLE IF NOT EXISTS "app"."we""ird`s" (
	id VARCHAR(64) COLLATE "C" PRIMARY KEY,
	data BYTEA NOT NULL,
	expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE DEFAULT NOW(),
	updated_at TIMESTAMP WITH TIME ZONE DEFAULT NOW()
) WITH (toast_tuple_target = 8160);
-- create
ALTER TABLE "app"."we""ird`s" ALTER COLUMN data SET STORAGE EXTERNAL;
-- create
CREATE INDEX IF NOT EXISTS "idx_we""ird`s_expires" ON "app"."we""ird`s" (expires_at);
-- create
CREATE TABLE IF NOT EXISTS "app"."we""ird`s_users" (
	session_id VARCHAR(64) COLLATE "C" PRIMARY KEY,
	user_sum VARCHAR(64) COLLATE "C" NOT NULL,
	expires_at TIMESTAMP WITH TIME ZONE NOT NULL
);
-- create
CREATE INDEX IF NOT EXISTS "idx_we""ird`s_users_user" ON "app"."we""ird`s_users" (user_sum, session_id);
-- create
CREATE INDEX IF NOT EXISTS "idx_we""ird`s_users_expires" ON "app"."we""ird`s_users" (expires_at);
-- load
SELECT data FROM "app"."we""ird`s" WHERE id = $1 AND expires_at > clock_timestamp();
-- save one
INSERT INTO "app"."we""ird`s" (id, data, expires_at, created_at, updated_at) VALUES ($1, $2, clock_timestamp() + $3::bigint * interval '1 millisecond', now(), now()) ON CONFLICT (id) DO UPDATE SET data = EXCLUDED.data, expires_at = EXCLUDED.expires_at, updated_at = EXCLUDED.updated_at;
-- save three
INSERT INTO "app"."we""ird`s" (id, data, expires_at, created_at, updated_at) SELECT b.id, substring($2::bytea FROM b.first FOR b.size), clock_timestamp() + b.left_ms * interval '1 millisecond', now(), now() FROM unnest(string_to_array($1::text, ' '), string_to_array($3::text, ' ')::int[], string_to_array($4::text, ' ')::int[], string_to_array($5::text, ' ')::bigint[]) AS b(id, first, size, left_ms) ON CONFLICT (id) DO UPDATE SET data = EXCLUDED.data, expires_at = EXCLUDED.expires_at, updated_at = EXCLUDED.updated_at;
-- touch
UPDATE "app"."we""ird`s" SET expires_at = clock_timestamp() + $2::bigint * interval '1 millisecond', updated_at = now() WHERE id = $1 AND expires_at > clock_timestamp();
-- touch all
UPDATE "app"."we""ird`s" AS t SET expires_at = clock_timestamp() + b.left_ms * interval '1 millisecond', updated_at = now() FROM (SELECT s.id, u.left_ms FROM unnest(string_to_array($1::text, ' '), string_to_array($2::text, ' ')::bigint[]) AS u(id, left_ms) JOIN "app"."we""ird`s" AS s ON s.id = u.id WHERE s.expires_at > clock_timestamp() ORDER BY s.id COLLATE "C" FOR NO KEY UPDATE OF s) AS b WHERE t.id = b.id;
-- load all
SELECT id::text COLLATE "C" AS session, data FROM "app"."we""ird`s" WHERE id = ANY(string_to_array($1::text, ' ')) AND expires_at > clock_timestamp();
-- scan
SELECT id::text COLLATE "C" AS session, octet_length(data), (EXTRACT(EPOCH FROM GREATEST(LEAST(expires_at, statement_timestamp() + interval '292 years'), statement_timestamp() - interval '1 day') - statement_timestamp()) * 1000000)::bigint FROM "app"."we""ird`s" WHERE id > $1 ORDER BY id LIMIT $2;
-- remove one
DELETE FROM "app"."we""ird`s" WHERE id = $1;
-- remove two
DELETE FROM "app"."we""ird`s" WHERE id = ANY(ARRAY(SELECT id FROM "app"."we""ird`s" WHERE id = ANY(string_to_array($1::text, ' ')) ORDER BY id COLLATE "C" FOR UPDATE));
-- expired
SELECT id::text COLLATE "C" AS session FROM "app"."we""ird`s" WHERE expires_at <= now() ORDER BY expires_at LIMIT 500;
-- remove expired
DELETE FROM "app"."we""ird`s" WHERE id = ANY(ARRAY(SELECT id FROM "app"."we""ird`s" WHERE id = ANY(string_to_array($1::text, ' ')) AND expires_at <= now() FOR UPDATE SKIP LOCKED)) AND expires_at <= now();
-- set user
INSERT INTO "app"."we""ird`s_users" (session_id, user_sum, expires_at) VALUES ($1, $2, clock_timestamp() + $3::bigint * interval '1 millisecond') ON CONFLICT (session_id) DO UPDATE SET user_sum = EXCLUDED.user_sum, expires_at = EXCLUDED.expires_at;
-- unset user
DELETE FROM "app"."we""ird`s_users" WHERE session_id = $1;
-- user page
SELECT session_id FROM "app"."we""ird`s_users" WHERE user_sum = $1 AND session_id > $2 ORDER BY session_id LIMIT 7;
-- infos
SELECT id::text COLLATE "C" AS session, octet_length(data), (EXTRACT(EPOCH FROM GREATEST(LEAST(expires_at, statement_timestamp() + interval '292 years'), statement_timestamp() - interval '1 day') - statement_timestamp()) * 1000000)::bigint FROM "app"."we""ird`s" WHERE id = ANY(string_to_array($1::text, ' '));
-- ended users
SELECT u.session_id, (SELECT s.id FROM "app"."we""ird`s" AS s WHERE s.id = u.session_id) IS NOT NULL FROM "app"."we""ird`s_users" AS u WHERE u.expires_at <= now() ORDER BY u.expires_at LIMIT 500;
-- keep users
UPDATE "app"."we""ird`s_users" AS u SET expires_at = GREATEST(u.expires_at, GREATEST(s.expires_at, now()) + interval '1 day') FROM "app"."we""ird`s" AS s WHERE s.id = u.session_id AND u.session_id = ANY(string_to_array($1::text, ' '));
-- drop users
DELETE FROM "app"."we""ird`s_users" WHERE session_id = ANY(string_to_array($1::text, ' ')) AND expires_at <= now();
