-- Small things that must outlive the process: that the bot takes nothing new (drain), which pipes run (pipe/KEY).
CREATE TABLE memo (name TEXT PRIMARY KEY NOT NULL, body TEXT NOT NULL) $KEYED;
