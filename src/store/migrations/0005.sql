-- What waits for somebody's word, one row an execution. kind: approval, code, question. needs is opaque to the store.
CREATE TABLE request (
  execution $ID, kind TEXT NOT NULL, needs TEXT NOT NULL, asked BIGINT NOT NULL, until BIGINT NOT NULL,
  verdict TEXT, closed BIGINT
);
CREATE INDEX request_open ON request (execution) WHERE closed IS NULL;

-- who is the name in access.yaml, else the id: one person has one vote.
CREATE TABLE vote (
  execution BIGINT NOT NULL, who TEXT NOT NULL, person TEXT NOT NULL, name TEXT NOT NULL, place TEXT, verdict TEXT NOT NULL,
  counts TEXT NOT NULL, reason TEXT, at BIGINT NOT NULL, PRIMARY KEY (execution, who)
) $KEYED;

-- What was granted for a time.
CREATE TABLE time_grant (
  id $ID, what TEXT NOT NULL, holder TEXT NOT NULL, person TEXT NOT NULL, person_name TEXT NOT NULL, why TEXT NOT NULL,
  begins BIGINT NOT NULL, ends BIGINT NOT NULL, revoked BIGINT
);
CREATE INDEX time_grant_ends ON time_grant (ends);

-- The second factor of a person. sealed holds its secret, encrypted, and the hashes of its recovery codes.
CREATE TABLE second_factor (who TEXT PRIMARY KEY NOT NULL, sealed TEXT NOT NULL, at BIGINT NOT NULL) $KEYED;
