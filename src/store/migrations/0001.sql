-- Version 1. Times are UTC microseconds since 1970. Ids are positive integers below 2^53, taken from blocks
-- that a process reserves before it uses them. JSON is stored as text, byte for byte as written.

-- The next id that no process has reserved yet, for each noun.
CREATE TABLE block (noun TEXT PRIMARY KEY, next BIGINT NOT NULL);

-- One row for each life of a process.
CREATE TABLE worker (id INTEGER PRIMARY KEY, pid BIGINT NOT NULL, started BIGINT NOT NULL, stopped BIGINT);

-- Message keys that were acted on, and the execution they led to.
CREATE TABLE seen (key TEXT PRIMARY KEY, execution BIGINT NOT NULL, at BIGINT NOT NULL);
CREATE INDEX seen_at ON seen (at);

-- Where an adapter resumes reading a room.
CREATE TABLE position (adapter TEXT NOT NULL, room TEXT NOT NULL, mark TEXT NOT NULL, PRIMARY KEY (adapter, room));

CREATE TABLE execution (
  id INTEGER PRIMARY KEY, worker BIGINT NOT NULL, cause TEXT NOT NULL, rerun_of BIGINT,
  person TEXT NOT NULL, person_name TEXT NOT NULL, place TEXT, room TEXT,
  alias TEXT, command TEXT NOT NULL, action TEXT NOT NULL, runner TEXT NOT NULL, definition TEXT NOT NULL,
  parameters TEXT NOT NULL, sealed TEXT, status TEXT NOT NULL, why TEXT,
  asked BIGINT NOT NULL, started BIGINT, ended BIGINT);
CREATE INDEX execution_open   ON execution (id) WHERE ended IS NULL;
CREATE INDEX execution_person ON execution (person, id);
CREATE INDEX execution_action ON execution (action, id);
CREATE INDEX execution_ended  ON execution (ended) WHERE ended IS NOT NULL;
CREATE TABLE execution_result (execution INTEGER PRIMARY KEY, body TEXT NOT NULL, seen_bytes BIGINT NOT NULL);

-- Messages on their way to one target. `done` is empty while one may still be sent.
CREATE TABLE delivery (
  id INTEGER PRIMARY KEY, notifier TEXT NOT NULL, target TEXT NOT NULL, lane TEXT NOT NULL,
  execution BIGINT, purpose TEXT NOT NULL, body TEXT NOT NULL, state TEXT NOT NULL,
  due BIGINT NOT NULL, expires BIGINT NOT NULL, tries BIGINT NOT NULL DEFAULT 0, answer TEXT, done BIGINT);
CREATE INDEX delivery_lane      ON delivery (notifier, target, lane, id) WHERE done IS NULL;
CREATE INDEX delivery_execution ON delivery (execution);
CREATE INDEX delivery_done      ON delivery (done) WHERE done IS NOT NULL;
CREATE TABLE attempt (
  delivery BIGINT NOT NULL, n BIGINT NOT NULL, at BIGINT NOT NULL, ms BIGINT NOT NULL,
  outcome TEXT NOT NULL, answer TEXT NOT NULL, PRIMARY KEY (delivery, n)) WITHOUT ROWID;

-- The message on the service that shows a lane.
CREATE TABLE slot (
  notifier TEXT NOT NULL, target TEXT NOT NULL, lane TEXT NOT NULL, handle TEXT NOT NULL, at BIGINT NOT NULL,
  PRIMARY KEY (notifier, target, lane)) WITHOUT ROWID;

-- `record` is what the MAC covers, byte for byte; the other columns repeat parts of it for searching.
CREATE TABLE audit (
  strand BIGINT NOT NULL, seq BIGINT NOT NULL, at BIGINT NOT NULL, what TEXT NOT NULL, person TEXT,
  record TEXT NOT NULL, mac TEXT NOT NULL, PRIMARY KEY (strand, seq)) WITHOUT ROWID;
CREATE INDEX audit_at     ON audit (at);
CREATE INDEX audit_person ON audit (person, at);
