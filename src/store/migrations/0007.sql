-- What is to happen later. body is the schedule; sealed the whole line, where what may be shown is not all of it.
CREATE TABLE schedule (id $ID, owner TEXT NOT NULL, due BIGINT, body TEXT NOT NULL, sealed TEXT);
CREATE INDEX schedule_due ON schedule (due) WHERE due IS NOT NULL;
CREATE INDEX schedule_owner ON schedule (owner);

-- Events that a rule is to look at: in the order of their commits, each gone when that is done.
CREATE TABLE fresh_event (seq $ID, event BIGINT NOT NULL);

-- What is filled in for a parameter that nobody typed, in a room.
CREATE TABLE room_default (
  adapter TEXT NOT NULL, room TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, who TEXT NOT NULL,
  at BIGINT NOT NULL, PRIMARY KEY (adapter, room, name)
) $KEYED;
