-- $ID is INTEGER PRIMARY KEY in SQLite; the rest is plain enough for PostgreSQL too.
-- Times are UTC microseconds. Ids are 53-bit integers that each process takes from a reserved block.
CREATE TABLE worker (id $ID, pid BIGINT NOT NULL, started BIGINT NOT NULL);
CREATE TABLE block (noun TEXT PRIMARY KEY NOT NULL, next BIGINT NOT NULL);
CREATE TABLE seen (key TEXT PRIMARY KEY NOT NULL, noun TEXT NOT NULL, id BIGINT NOT NULL, at BIGINT NOT NULL);
CREATE INDEX seen_at ON seen (at);
CREATE TABLE position (adapter TEXT NOT NULL, room TEXT NOT NULL, mark TEXT NOT NULL, PRIMARY KEY (adapter, room));

CREATE TABLE execution (
  id $ID, rerun_of BIGINT, cause TEXT NOT NULL,
  adapter TEXT, room TEXT, thread TEXT, room_kind TEXT,
  person TEXT NOT NULL, person_name TEXT NOT NULL,
  alias TEXT, command TEXT NOT NULL, action TEXT NOT NULL, runner TEXT NOT NULL, definition TEXT NOT NULL,
  parameters TEXT NOT NULL, sealed TEXT,
  status TEXT NOT NULL, why TEXT, worker BIGINT NOT NULL,
  asked BIGINT NOT NULL, started BIGINT, ended BIGINT
);
CREATE INDEX execution_open ON execution (id) WHERE ended IS NULL;
CREATE INDEX execution_ended ON execution (ended) WHERE ended IS NOT NULL;
CREATE INDEX execution_person ON execution (person, id);
CREATE INDEX execution_action ON execution (action, id);
CREATE TABLE execution_result (execution $ID, body TEXT NOT NULL, seen_bytes BIGINT NOT NULL);

-- A lane is (notifier, target, lane); seq orders what is not done in it. state: due, sent, dead.
CREATE TABLE delivery (
  id $ID, notifier TEXT NOT NULL, target TEXT NOT NULL, lane TEXT NOT NULL, seq BIGINT NOT NULL,
  execution BIGINT, purpose TEXT NOT NULL, body TEXT NOT NULL,
  state TEXT NOT NULL, due BIGINT NOT NULL, expires BIGINT NOT NULL,
  tries BIGINT NOT NULL DEFAULT 0, answer TEXT, done BIGINT
);
CREATE UNIQUE INDEX delivery_lane ON delivery (notifier, target, lane, seq) WHERE done IS NULL;
CREATE INDEX delivery_due ON delivery (notifier, due) WHERE state = 'due';
CREATE INDEX delivery_dead ON delivery (id) WHERE state = 'dead';
CREATE INDEX delivery_done ON delivery (done) WHERE done IS NOT NULL;
CREATE TABLE attempt (delivery BIGINT NOT NULL, n BIGINT NOT NULL, at BIGINT NOT NULL, ms BIGINT NOT NULL,
  outcome TEXT NOT NULL, answer TEXT, PRIMARY KEY (delivery, n));
CREATE TABLE slot (notifier TEXT NOT NULL, target TEXT NOT NULL, lane TEXT NOT NULL, handle TEXT NOT NULL,
  at BIGINT NOT NULL, PRIMARY KEY (notifier, target, lane));
CREATE INDEX slot_at ON slot (at);

-- docs/audit.md fixes the bytes that mac covers.
CREATE TABLE audit (
  strand BIGINT NOT NULL, seq BIGINT NOT NULL, at BIGINT NOT NULL, what TEXT NOT NULL,
  person TEXT, place TEXT, subject TEXT, body TEXT NOT NULL, mac TEXT NOT NULL,
  PRIMARY KEY (strand, seq)
);
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_person ON audit (person, at);
CREATE TABLE strand (id $ID, seq BIGINT NOT NULL, mac TEXT NOT NULL);
