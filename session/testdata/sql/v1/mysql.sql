-- create
CREATE TABLE IF NOT EXISTS `app`.`we"ird``s` (
	id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
	data LONGBLOB NOT NULL,
	expires_at DATETIME(3) NOT NULL,
	created_at DATETIME(3) DEFAULT CURRENT_TIMESTAMP(3),
	updated_at DATETIME(3) DEFAULT CURRENT_TIMESTAMP(3),
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
-- remove two
DELETE FROM `app`.`we"ird``s` WHERE id IN (?, ?);
-- sweep
DELETE FROM `app`.`we"ird``s` WHERE expires_at <= UTC_TIMESTAMP(3) ORDER BY expires_at LIMIT 500;
