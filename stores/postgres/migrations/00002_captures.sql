-- The bodies of requests, for keys whose setting asks for them.

-- +goose Up
CREATE TABLE xjp_captures (
	id           text COLLATE "C" NOT NULL PRIMARY KEY,
	time         timestamptz NOT NULL,
	tenant       text COLLATE "C" NOT NULL,
	key          text COLLATE "C" NOT NULL,
	footprint    bigint NOT NULL,
	request_size bigint NOT NULL,
	answer_size  bigint NOT NULL,
	request      bytea NOT NULL,
	answer       bytea NOT NULL
);
CREATE INDEX xjp_captures_time ON xjp_captures (time, id, footprint);
CREATE INDEX xjp_captures_tenant ON xjp_captures (tenant, time, id);
CREATE INDEX xjp_captures_key ON xjp_captures (key, time, id);
