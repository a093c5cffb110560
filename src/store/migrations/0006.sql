-- The key-value datastore. owner is empty for the scope system; value is sealed where secret is 1.
CREATE TABLE kv (
  scope TEXT NOT NULL, owner TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, secret BIGINT NOT NULL,
  expires BIGINT, who TEXT NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (scope, owner, name)
) $KEYED;
CREATE INDEX kv_expires ON kv (expires) WHERE expires IS NOT NULL;
