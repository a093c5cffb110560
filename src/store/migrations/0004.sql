-- Topics, who listens to them, what is gathered, and options of notifiers that were set while the bot ran.
CREATE TABLE topic_event (
  topic TEXT NOT NULL, id TEXT NOT NULL, level BIGINT NOT NULL, title TEXT NOT NULL, since BIGINT,
  at BIGINT NOT NULL, event BIGINT NOT NULL, PRIMARY KEY (topic, id)
) $KEYED;
CREATE INDEX topic_event_at ON topic_event (at);

-- sealed holds the options, encrypted: they may be secrets.
CREATE TABLE handler (
  topic TEXT NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL, matching TEXT, sealed TEXT NOT NULL, PRIMARY KEY (topic, id)
) $KEYED;

-- Events that a handler gathers until due, when one event tells of all.
CREATE TABLE gathered (
  topic TEXT NOT NULL, handler TEXT NOT NULL, due BIGINT NOT NULL, event BIGINT NOT NULL,
  PRIMARY KEY (topic, handler, due, event)
) $KEYED;
CREATE INDEX gathered_due ON gathered (due);
CREATE INDEX gathered_event ON gathered (event);

CREATE TABLE option_override (
  kind TEXT NOT NULL, name TEXT NOT NULL, added BIGINT NOT NULL, sealed TEXT NOT NULL, who TEXT NOT NULL,
  at BIGINT NOT NULL, PRIMARY KEY (kind, name, added)
) $KEYED;
