-- A file of before may have a row for each request, in xjp_requests. It keeps them, but nothing
-- reads them any more; their sums are in xjp_usage.

-- +goose Up
-- The records of requests, some hundred packed in a row. Each column and each index of a row for
-- one request costs the writer; no other table grows as fast.
CREATE TABLE IF NOT EXISTS xjp_blocks (
	number  INTEGER NOT NULL PRIMARY KEY,
	first   BIGINT  NOT NULL,
	last    BIGINT  NOT NULL,
	records BLOB    NOT NULL
);
CREATE INDEX IF NOT EXISTS xjp_blocks_first ON xjp_blocks (first);
CREATE INDEX IF NOT EXISTS xjp_blocks_last ON xjp_blocks (last, first);

-- In which block each of them is. Ids begin with the time, so that new ones come to the end.
CREATE TABLE IF NOT EXISTS xjp_ids (
	id    TEXT    NOT NULL PRIMARY KEY,
	block INTEGER NOT NULL
) WITHOUT ROWID;

-- In which blocks there are records of a tenant or a key, by the last of a block.
CREATE TABLE IF NOT EXISTS xjp_owners (
	owner TEXT    NOT NULL,
	last  BIGINT  NOT NULL,
	block INTEGER NOT NULL,
	PRIMARY KEY (owner, last, block)
) WITHOUT ROWID;
