-- Times are microseconds since 1970 in UTC, money is nano-USD, and truths are 0 or 1.

-- +goose Up
CREATE TABLE xjp_tenants (
	id           TEXT    NOT NULL PRIMARY KEY,
	name         TEXT    NOT NULL DEFAULT '',
	disabled     INTEGER NOT NULL DEFAULT 0,
	limits       TEXT    NOT NULL DEFAULT '{}',
	key_limits   TEXT    NOT NULL DEFAULT '{}',
	model_limits TEXT    NOT NULL DEFAULT 'null',
	metadata     TEXT    NOT NULL DEFAULT 'null',
	created      BIGINT  NOT NULL,
	updated      BIGINT  NOT NULL,
	version      BIGINT  NOT NULL DEFAULT 1
);

INSERT INTO xjp_tenants (id, created, updated)
SELECT 'default', CAST(strftime('%s', 'now') AS INTEGER) * 1000000, CAST(strftime('%s', 'now') AS INTEGER) * 1000000;

CREATE TABLE xjp_keys (
	id          TEXT    NOT NULL PRIMARY KEY,
	tenant      TEXT    NOT NULL REFERENCES xjp_tenants (id),
	hash        BLOB    NOT NULL UNIQUE,
	pepper      TEXT    NOT NULL DEFAULT '',
	description TEXT    NOT NULL DEFAULT '',
	scope       TEXT    NOT NULL DEFAULT '{}',
	limits      TEXT    NOT NULL DEFAULT '{}',
	disabled    INTEGER NOT NULL DEFAULT 0,
	revoked     BIGINT,
	expires     BIGINT,
	last_used   BIGINT,
	metadata    TEXT    NOT NULL DEFAULT 'null',
	replaces    TEXT    NOT NULL DEFAULT '',
	created     BIGINT  NOT NULL,
	updated     BIGINT  NOT NULL,
	version     BIGINT  NOT NULL DEFAULT 1
);
CREATE INDEX xjp_keys_tenant ON xjp_keys (tenant, id);

CREATE TABLE xjp_last_change (
	one    INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
	number BIGINT  NOT NULL
);
INSERT INTO xjp_last_change (one, number) VALUES (1, 0);

CREATE TABLE xjp_changes (
	number INTEGER NOT NULL PRIMARY KEY,
	tenant TEXT    NOT NULL,
	key    TEXT    NOT NULL
);

CREATE TABLE xjp_audit (
	id      TEXT   NOT NULL PRIMARY KEY,
	time    BIGINT NOT NULL,
	actor   TEXT   NOT NULL,
	action  TEXT   NOT NULL,
	tenant  TEXT   NOT NULL,
	subject TEXT   NOT NULL,
	detail  TEXT   NOT NULL
);
CREATE INDEX xjp_audit_time ON xjp_audit (time, id);
CREATE INDEX xjp_audit_tenant ON xjp_audit (tenant, time, id);

CREATE TABLE xjp_usage (
	day            TEXT   NOT NULL,
	tenant         TEXT   NOT NULL,
	key            TEXT   NOT NULL,
	model          TEXT   NOT NULL,
	provider       TEXT   NOT NULL,
	requests       BIGINT NOT NULL DEFAULT 0,
	failed         BIGINT NOT NULL DEFAULT 0,
	attempts       BIGINT NOT NULL DEFAULT 0,
	input          BIGINT NOT NULL DEFAULT 0,
	cache_read     BIGINT NOT NULL DEFAULT 0,
	cache_write_5m BIGINT NOT NULL DEFAULT 0,
	cache_write_1h BIGINT NOT NULL DEFAULT 0,
	output         BIGINT NOT NULL DEFAULT 0,
	reasoning      BIGINT NOT NULL DEFAULT 0,
	audio_input    BIGINT NOT NULL DEFAULT 0,
	image_input    BIGINT NOT NULL DEFAULT 0,
	audio_output   BIGINT NOT NULL DEFAULT 0,
	image_output   BIGINT NOT NULL DEFAULT 0,
	cost           BIGINT NOT NULL DEFAULT 0,
	unpriced       BIGINT NOT NULL DEFAULT 0,
	estimated      BIGINT NOT NULL DEFAULT 0,
	PRIMARY KEY (day, tenant, key, model, provider)
) WITHOUT ROWID;
CREATE INDEX xjp_usage_tenant ON xjp_usage (tenant, day);
