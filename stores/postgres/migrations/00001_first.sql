-- Money is nano-USD. Ids are ordered by their bytes, whatever the language of the database.

-- +goose Up
CREATE TABLE xjp_tenants (
	id           text COLLATE "C" NOT NULL PRIMARY KEY,
	name         text NOT NULL DEFAULT '',
	disabled     boolean NOT NULL DEFAULT false,
	limits       text NOT NULL DEFAULT '{}',
	key_limits   text NOT NULL DEFAULT '{}',
	model_limits text NOT NULL DEFAULT 'null',
	metadata     text NOT NULL DEFAULT 'null',
	created      timestamptz NOT NULL,
	updated      timestamptz NOT NULL,
	version      bigint NOT NULL DEFAULT 1
);

INSERT INTO xjp_tenants (id, created, updated)
VALUES ('default', now(), now());

CREATE TABLE xjp_keys (
	id          text COLLATE "C" NOT NULL PRIMARY KEY,
	tenant      text COLLATE "C" NOT NULL REFERENCES xjp_tenants (id),
	hash        bytea NOT NULL UNIQUE,
	pepper      text NOT NULL DEFAULT '',
	description text NOT NULL DEFAULT '',
	scope       text NOT NULL DEFAULT '{}',
	limits      text NOT NULL DEFAULT '{}',
	disabled    boolean NOT NULL DEFAULT false,
	revoked     timestamptz,
	expires     timestamptz,
	last_used   timestamptz,
	metadata    text NOT NULL DEFAULT 'null',
	replaces    text NOT NULL DEFAULT '',
	created     timestamptz NOT NULL,
	updated     timestamptz NOT NULL,
	version     bigint NOT NULL DEFAULT 1
);
CREATE INDEX xjp_keys_tenant ON xjp_keys (tenant, id);

CREATE TABLE xjp_last_change (
	one    integer NOT NULL PRIMARY KEY CHECK (one = 1),
	number bigint NOT NULL
);
INSERT INTO xjp_last_change (one, number) VALUES (1, 0);

CREATE TABLE xjp_changes (
	number bigint NOT NULL PRIMARY KEY,
	tenant text COLLATE "C" NOT NULL,
	key    text COLLATE "C" NOT NULL
);

CREATE TABLE xjp_audit (
	id      text COLLATE "C" NOT NULL PRIMARY KEY,
	time    timestamptz NOT NULL,
	actor   text NOT NULL,
	action  text NOT NULL,
	tenant  text COLLATE "C" NOT NULL,
	subject text NOT NULL,
	detail  text NOT NULL
);
CREATE INDEX xjp_audit_time ON xjp_audit (time, id);
CREATE INDEX xjp_audit_tenant ON xjp_audit (tenant, time, id);

-- What requests are chosen by has columns of its own. All else is JSON: each column costs the
-- writer, and this table gets a row for each request.
CREATE TABLE xjp_requests (
	id       text COLLATE "C" NOT NULL PRIMARY KEY,
	time     timestamptz NOT NULL,
	tenant   text COLLATE "C" NOT NULL DEFAULT '',
	key      text COLLATE "C" NOT NULL DEFAULT '',
	model    text COLLATE "C" NOT NULL DEFAULT '',
	provider text COLLATE "C" NOT NULL DEFAULT '',
	session  text NOT NULL DEFAULT '',
	ending   text NOT NULL DEFAULT '',
	record   json NOT NULL DEFAULT '{}'
);
CREATE INDEX xjp_requests_time ON xjp_requests (time);
CREATE INDEX xjp_requests_tenant ON xjp_requests (tenant, time);
CREATE INDEX xjp_requests_key ON xjp_requests (key, time);

CREATE TABLE xjp_usage (
	day            text COLLATE "C" NOT NULL,
	tenant         text COLLATE "C" NOT NULL,
	key            text COLLATE "C" NOT NULL,
	model          text COLLATE "C" NOT NULL,
	provider       text COLLATE "C" NOT NULL,
	requests       bigint NOT NULL DEFAULT 0,
	failed         bigint NOT NULL DEFAULT 0,
	attempts       bigint NOT NULL DEFAULT 0,
	input          bigint NOT NULL DEFAULT 0,
	cache_read     bigint NOT NULL DEFAULT 0,
	cache_write_5m bigint NOT NULL DEFAULT 0,
	cache_write_1h bigint NOT NULL DEFAULT 0,
	output         bigint NOT NULL DEFAULT 0,
	reasoning      bigint NOT NULL DEFAULT 0,
	audio_input    bigint NOT NULL DEFAULT 0,
	image_input    bigint NOT NULL DEFAULT 0,
	audio_output   bigint NOT NULL DEFAULT 0,
	image_output   bigint NOT NULL DEFAULT 0,
	cost           bigint NOT NULL DEFAULT 0,
	unpriced       bigint NOT NULL DEFAULT 0,
	estimated      bigint NOT NULL DEFAULT 0,
	PRIMARY KEY (day, tenant, key, model, provider)
);
CREATE INDEX xjp_usage_tenant ON xjp_usage (tenant, day);
