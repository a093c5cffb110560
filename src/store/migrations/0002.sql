-- Events, what is known of their subjects, and who hears of them. $KEYED tables are kept in the order of their key.
CREATE TABLE event (
  id $ID, source TEXT NOT NULL, kind TEXT NOT NULL, status TEXT NOT NULL, level BIGINT NOT NULL,
  subject TEXT NOT NULL, raw_size BIGINT NOT NULL, raw_hash TEXT NOT NULL, at BIGINT NOT NULL, body TEXT NOT NULL
);
CREATE INDEX event_subject ON event (subject, id);
CREATE INDEX event_source ON event (source, id);
CREATE INDEX event_at ON event (at);
CREATE TABLE event_key (key TEXT PRIMARY KEY NOT NULL, event BIGINT NOT NULL, at BIGINT NOT NULL) $KEYED;
CREATE INDEX event_key_at ON event_key (at);

-- The columns beside body are those that are searched.
CREATE TABLE subject (key TEXT PRIMARY KEY NOT NULL, failing BIGINT NOT NULL, since BIGINT NOT NULL, overdue BIGINT,
  at BIGINT NOT NULL, body TEXT NOT NULL);
CREATE INDEX subject_overdue ON subject (overdue) WHERE overdue IS NOT NULL;
CREATE INDEX subject_failing ON subject (since) WHERE failing = 1;

-- state: held (waits for its time, gather > 0: that many events so far, more may join), due, sent, dead, dropped.
-- head is 1 for the first of a lane that is not done: it alone may be sent, and its due time alone counts.
ALTER TABLE delivery ADD COLUMN event BIGINT;
ALTER TABLE delivery ADD COLUMN made BIGINT NOT NULL DEFAULT 0;
ALTER TABLE delivery ADD COLUMN gather BIGINT NOT NULL DEFAULT 0;
ALTER TABLE delivery ADD COLUMN head BIGINT NOT NULL DEFAULT 0;
UPDATE delivery SET made = due;
UPDATE delivery SET head = 1 WHERE done IS NULL AND NOT EXISTS (
  SELECT 1 FROM delivery AS earlier WHERE earlier.notifier = delivery.notifier AND earlier.target = delivery.target
  AND earlier.lane = delivery.lane AND earlier.seq < delivery.seq AND earlier.done IS NULL);
DROP INDEX delivery_due;
CREATE INDEX delivery_due ON delivery (notifier, head, due, made) WHERE state = 'due';
CREATE INDEX delivery_held ON delivery (notifier, target, lane, seq) WHERE state = 'held';
CREATE INDEX delivery_ripe ON delivery (notifier, due) WHERE state = 'held';
CREATE INDEX delivery_dead_of ON delivery (notifier, id) WHERE state = 'dead';
CREATE INDEX delivery_dropped ON delivery (notifier, id) WHERE state = 'dropped';
CREATE INDEX delivery_event ON delivery (event, id) WHERE event IS NOT NULL;
CREATE INDEX delivery_execution ON delivery (execution) WHERE execution IS NOT NULL;

-- The events that a delivery gathered after its first one, which is in its row.
CREATE TABLE delivery_member (delivery BIGINT NOT NULL, event BIGINT NOT NULL, PRIMARY KEY (delivery, event)) $KEYED;
CREATE INDEX delivery_member_event ON delivery_member (event);

ALTER TABLE attempt RENAME TO attempt_1;
CREATE TABLE attempt (delivery BIGINT NOT NULL, n BIGINT NOT NULL, at BIGINT NOT NULL, ms BIGINT NOT NULL,
  outcome TEXT NOT NULL, answer TEXT, PRIMARY KEY (delivery, n)) $KEYED;
INSERT INTO attempt SELECT delivery, n, at, ms, outcome, answer FROM attempt_1;
DROP TABLE attempt_1;

CREATE TABLE silence (id $ID, matching TEXT NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL,
  begins BIGINT NOT NULL, ends BIGINT NOT NULL);
CREATE INDEX silence_ends ON silence (ends);
CREATE TABLE token (id $ID, name TEXT NOT NULL, hash TEXT NOT NULL UNIQUE, scopes TEXT NOT NULL,
  created BIGINT NOT NULL, expires BIGINT, used BIGINT, revoked BIGINT);
CREATE UNIQUE INDEX token_name ON token (name) WHERE revoked IS NULL;
