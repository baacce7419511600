-- The bodies of requests, for keys whose setting asks for them. What is large comes last, so
-- that the rest of a row can be read without it.

-- +goose Up
CREATE TABLE xjp_captures (
	id           TEXT   NOT NULL PRIMARY KEY,
	time         BIGINT NOT NULL,
	tenant       TEXT   NOT NULL,
	key          TEXT   NOT NULL,
	footprint    BIGINT NOT NULL,
	request_size BIGINT NOT NULL,
	answer_size  BIGINT NOT NULL,
	request      BLOB   NOT NULL,
	answer       BLOB   NOT NULL
);
CREATE INDEX xjp_captures_time ON xjp_captures (time, id, footprint);
CREATE INDEX xjp_captures_tenant ON xjp_captures (tenant, time, id);
CREATE INDEX xjp_captures_key ON xjp_captures (key, time, id);
