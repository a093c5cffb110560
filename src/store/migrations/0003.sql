-- What the buttons of messages stand for: one row a message. The columns beside body are those that are searched.
CREATE TABLE choice (id $ID, key TEXT NOT NULL UNIQUE, notifier TEXT NOT NULL, target TEXT NOT NULL, lane TEXT NOT NULL,
  until BIGINT NOT NULL, body TEXT NOT NULL);
CREATE UNIQUE INDEX choice_slot ON choice (notifier, target, lane);
CREATE INDEX choice_until ON choice (until);
