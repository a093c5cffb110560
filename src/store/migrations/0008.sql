-- Numbers of notifiers, for clients that know them by numbers; none is given twice.
CREATE TABLE notifier_number (id $ID, name TEXT NOT NULL UNIQUE);
-- Notifiers that were attached to a scope at a trigger: routes that no file has.
CREATE TABLE attached (
  scope TEXT NOT NULL, moment TEXT NOT NULL, notifier BIGINT NOT NULL, who TEXT NOT NULL, at BIGINT NOT NULL,
  PRIMARY KEY (scope, moment, notifier)
) $KEYED;
-- What an added notifier has beside its options: description, texts, whether it is on.
ALTER TABLE option_override ADD COLUMN about TEXT NOT NULL DEFAULT '{}';
CREATE INDEX execution_asked ON execution (asked);
