-- Of which requests of a key the bodies are kept, in JSON.

-- +goose Up
ALTER TABLE xjp_keys ADD COLUMN capture TEXT NOT NULL DEFAULT 'null';
