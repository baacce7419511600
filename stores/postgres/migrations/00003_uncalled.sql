-- The requests for which no provider was called, so that those that limits count are known.

-- +goose Up
ALTER TABLE xjp_usage ADD COLUMN uncalled bigint NOT NULL DEFAULT 0;
