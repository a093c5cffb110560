-- Workflows: which executions are steps of which, and what a running workflow knows, in parts, sealed: it may hold secrets.
ALTER TABLE execution ADD COLUMN parent BIGINT;
ALTER TABLE execution ADD COLUMN task TEXT;
CREATE INDEX execution_parent ON execution (parent, id) WHERE parent IS NOT NULL;
CREATE TABLE flow (execution BIGINT NOT NULL, part TEXT NOT NULL, sealed TEXT NOT NULL, PRIMARY KEY (execution, part)) $KEYED;
