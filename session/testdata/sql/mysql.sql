-- create
CREATE TABLE IF NOT EXISTS `app`.`we"ird``s_users` (
	session_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
	user_sum VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	expires_at DATETIME(3) NOT NULL,
	INDEX `idx_we"ird``s_users_user` (user_sum, session_id),
	INDEX `idx_we"ird``s_users_expires` (expires_at)
) ENGINE=InnoDB;
-- create
CREATE TABLE IF NOT EXISTS `app`.`we"ird``s` (
	id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	data LONGBLOB NOT NULL,
	expires_at DATETIME(3) NOT NULL,
	created_at DATETIME(3) DEFAULT CURRENT_TIMESTAMP(3),
	updated_at DATETIME(3) DEFAULT CURRENT_TIMESTAMP(3),
	PRIMARY KEY (id),
	INDEX `idx_we"ird``s_expires` (expires_at)
) ENGINE=InnoDB;
-- load
SELECT data FROM `app`.`we"ird``s` WHERE id = ? AND expires_at > UTC_TIMESTAMP(3);
-- save one
INSERT INTO `app`.`we"ird``s` (id, data, expires_at, created_at, updated_at) VALUES (?, ?, DATE_ADD(UTC_TIMESTAMP(3), INTERVAL ? MICROSECOND), UTC_TIMESTAMP(3), UTC_TIMESTAMP(3)) ON DUPLICATE KEY UPDATE data = VALUES(data), expires_at = VALUES(expires_at), updated_at = VALUES(updated_at);
-- save three
INSERT INTO `app`.`we"ird``s` (id, data, expires_at, created_at, updated_at) VALUES (?, ?, DATE_ADD(UTC_TIMESTAMP(3), INTERVAL ? MICROSECOND), UTC_TIMESTAMP(3), UTC_TIMESTAMP(3)), (?, ?, DATE_ADD(UTC_TIMESTAMP(3), INTERVAL ? MICROSECOND), UTC_TIMESTAMP(3), UTC_TIMESTAMP(3)), (?, ?, DATE_ADD(UTC_TIMESTAMP(3), INTERVAL ? MICROSECOND), UTC_TIMESTAMP(3), UTC_TIMESTAMP(3)) ON DUPLICATE KEY UPDATE data = VALUES(data), expires_at = VALUES(expires_at), updated_at = VALUES(updated_at);
-- touch
UPDATE `app`.`we"ird``s` SET expires_at = DATE_ADD(UTC_TIMESTAMP(3), INTERVAL ? MICROSECOND), updated_at = UTC_TIMESTAMP(3) WHERE id = ? AND expires_at > UTC_TIMESTAMP(3);
-- touch all
UPDATE `app`.`we"ird``s` FORCE INDEX (PRIMARY) SET expires_at = DATE_ADD(UTC_TIMESTAMP(3), INTERVAL ELT(FIELD(id, ?, ?, ?), ?, ?, ?) MICROSECOND), updated_at = UTC_TIMESTAMP(3) WHERE id IN (?, ?, ?) AND expires_at > UTC_TIMESTAMP(3) ORDER BY id;
-- load all
SELECT id, data FROM `app`.`we"ird``s` WHERE id IN (?, ?) AND expires_at > UTC_TIMESTAMP(3);
-- scan
SELECT id, OCTET_LENGTH(data), COALESCE(TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(3), expires_at), 0) FROM `app`.`we"ird``s` WHERE id > ? ORDER BY id LIMIT ?;
-- remove one
DELETE FROM `app`.`we"ird``s` WHERE id IN (?);
-- remove two
DELETE FROM `app`.`we"ird``s` WHERE id IN (?, ?) ORDER BY id;
-- expired
SELECT id FROM `app`.`we"ird``s` WHERE expires_at <= UTC_TIMESTAMP(3) ORDER BY expires_at LIMIT 500;
-- remove expired
DELETE `app`.`we"ird``s` FROM `app`.`we"ird``s` FORCE INDEX (PRIMARY) WHERE id IN (?, ?) AND expires_at <= UTC_TIMESTAMP(3);
-- set user
INSERT INTO `app`.`we"ird``s_users` (session_id, user_sum, expires_at) VALUES (?, ?, DATE_ADD(UTC_TIMESTAMP(3), INTERVAL ? MICROSECOND)) ON DUPLICATE KEY UPDATE user_sum = VALUES(user_sum), expires_at = VALUES(expires_at);
-- unset user
DELETE FROM `app`.`we"ird``s_users` WHERE session_id = ?;
-- user page
SELECT session_id FROM `app`.`we"ird``s_users` WHERE user_sum = ? AND session_id > ? ORDER BY session_id LIMIT 7;
-- infos
SELECT id, OCTET_LENGTH(data), COALESCE(TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(3), expires_at), 0) FROM `app`.`we"ird``s` WHERE id IN (?, ?);
-- ended users
SELECT u.session_id, (SELECT s.id FROM `app`.`we"ird``s` AS s WHERE s.id = u.session_id) IS NOT NULL FROM `app`.`we"ird``s_users` AS u WHERE u.expires_at <= UTC_TIMESTAMP(3) ORDER BY u.expires_at LIMIT 500;
-- keep users
UPDATE `app`.`we"ird``s_users` AS u JOIN `app`.`we"ird``s` AS s ON s.id = u.session_id SET u.expires_at = GREATEST(u.expires_at, LEAST(GREATEST(s.expires_at, UTC_TIMESTAMP(3)), TIMESTAMP'9999-12-30 00:00:00') + INTERVAL 1 DAY) WHERE u.session_id IN (?, ?);
-- drop users
DELETE `app`.`we"ird``s_users` FROM `app`.`we"ird``s_users` FORCE INDEX (PRIMARY) WHERE session_id IN (?, ?) AND expires_at <= UTC_TIMESTAMP(3);
