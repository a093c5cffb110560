//! What topics remember, what handlers gather, and what admins set while the bot runs: handlers and options.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::apply::Scribe;
use super::change::{Done, Topical};
use super::{Keys, StoreError};
use crate::model::{Attached, HandlerSpec, Level, Override, Timestamp, TopicEvent};

/// The most events that are told as one; more begin another.
const MOST_GATHERED: i64 = 1_000;

/// Writes what an event changes in its topics.
pub(super) fn keep(
    scribe: &Scribe<'_>,
    event: i64,
    at: Timestamp,
    topical: &Topical,
) -> Result<(), StoreError> {
    for remembered in &topical.remembered {
        remember(scribe, remembered)?;
    }
    for (topic, handler, interval) in &topical.gathers {
        gather(scribe, topic, handler, event, (at, at.plus(*interval)))?;
    }
    if let Some((topic, handler, due)) = &topical.told {
        let sql = "DELETE FROM gathered WHERE topic = ?1 AND handler = ?2 AND due = ?3";
        scribe.run(sql, params![topic, handler, due.as_micros()])?;
    }
    Ok(())
}

fn remember(scribe: &Scribe<'_>, new: &TopicEvent) -> Result<(), StoreError> {
    let sql = "INSERT INTO topic_event (topic, id, level, title, since, at, event) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
               ON CONFLICT (topic, id) DO UPDATE SET level = excluded.level, title = excluded.title,
               since = excluded.since, at = excluded.at, event = excluded.event";
    let since = new.since.map(Timestamp::as_micros);
    let values =
        params![new.topic, new.id, new.level as i64, new.title, since, new.at.as_micros(), new.event];
    scribe.run(sql, values).map(drop)
}

/// Joins what gathers already, unless that is due or full.
fn gather(
    scribe: &Scribe<'_>,
    topic: &str,
    handler: &str,
    event: i64,
    (now, until): (Timestamp, Timestamp),
) -> Result<(), StoreError> {
    let sql = "SELECT due, count(*) FROM gathered WHERE topic = ?1 AND handler = ?2 AND due > ?3
               GROUP BY due ORDER BY due DESC LIMIT 1";
    let open: Option<(i64, i64)> = scribe
        .connection
        .prepare_cached(sql)?
        .query_row(params![topic, handler, now.as_micros()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let due = match open {
        Some((due, count)) if count < MOST_GATHERED => due,
        Some((due, _)) => due + 1,
        None => until.as_micros(),
    };
    let sql = "INSERT OR IGNORE INTO gathered (topic, handler, due, event) VALUES (?1, ?2, ?3, ?4)";
    scribe.run(sql, params![topic, handler, due, event]).map(drop)
}

/// What a topic remembers of one thing.
pub(super) fn remembered(
    connection: &Connection,
    topic: &str,
    id: &str,
) -> Result<Option<TopicEvent>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM topic_event WHERE topic = ?1 AND id = ?2");
    Ok(connection.prepare_cached(&sql)?.query_row([topic, id], topic_event).optional()?)
}

/// The columns that [`topic_event`] reads.
pub(super) const COLUMNS: &str = "topic, id, level, title, since, at, event";

/// What a topic remembers, from a row.
pub(super) fn topic_event(row: &Row<'_>) -> rusqlite::Result<TopicEvent> {
    Ok(TopicEvent {
        topic: row.get(0)?,
        id: row.get(1)?,
        level: level(row.get(2)?),
        title: row.get(3)?,
        since: super::rows::time(row, 4)?,
        at: Timestamp::from_micros(row.get(5)?),
        event: row.get(6)?,
    })
}

/// A level, from its number.
pub(super) fn level(number: i64) -> Level {
    let known = Level::ALL.iter().find(|(_, level)| *level as i64 == number);
    known.map_or(Level::Critical, |(_, level)| *level)
}

/// Whose the sealed options of a handler are.
pub(super) fn handler_owner(topic: &str, id: &str) -> String {
    format!("handler/{topic}/{id}")
}

/// Whose the sealed options of a notifier are.
pub(super) fn override_owner(kind: &str, name: &str) -> String {
    format!("option_override/{kind}/{name}")
}

/// Keeps a handler, for the earlier one of its name.
pub(super) fn set_handler(scribe: &Scribe<'_>, spec: &HandlerSpec) -> Result<usize, StoreError> {
    let sql = "INSERT INTO handler (topic, id, kind, matching, sealed) VALUES (?1, ?2, ?3, ?4, ?5)
               ON CONFLICT (topic, id) DO UPDATE SET kind = excluded.kind, matching = excluded.matching,
               sealed = excluded.sealed";
    let sealed = seal(scribe.keys, &handler_owner(&spec.topic, &spec.id), &spec.options)?;
    if spec.kind != "aggregate" {
        drop_gathered(scribe, &spec.topic, Some(&spec.id))?;
    }
    scribe.run(sql, params![spec.topic, spec.id, spec.kind, spec.matching, sealed])
}

/// Removes a handler, and what it gathers.
pub(super) fn remove_handler(scribe: &Scribe<'_>, topic: &str, id: &str) -> Result<usize, StoreError> {
    drop_gathered(scribe, topic, Some(id))?;
    scribe.run("DELETE FROM handler WHERE topic = ?1 AND id = ?2", [topic, id])
}

/// Removes a topic: what it remembers, its handlers, and what they gather.
pub(super) fn remove_topic(scribe: &Scribe<'_>, topic: &str) -> Result<usize, StoreError> {
    drop_gathered(scribe, topic, None)?;
    let handlers = scribe.run("DELETE FROM handler WHERE topic = ?1", [topic])?;
    Ok(handlers + scribe.run("DELETE FROM topic_event WHERE topic = ?1", [topic])?)
}

fn drop_gathered(scribe: &Scribe<'_>, topic: &str, handler: Option<&str>) -> Result<(), StoreError> {
    let sql = "DELETE FROM gathered WHERE topic = ?1 AND (?2 IS NULL OR handler = ?2)";
    scribe.run(sql, params![topic, handler]).map(drop)
}

/// Keeps options, for the earlier ones; none at all of a notifier of the file are no override.
pub(super) fn set_override(scribe: &Scribe<'_>, new: &Override) -> Result<usize, StoreError> {
    if new.options.is_empty() && !new.added {
        return remove_override(scribe, &new.kind, &new.name, new.added);
    }
    let sql = "INSERT INTO option_override (kind, name, added, sealed, who, at, about) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
               ON CONFLICT (kind, name, added) DO UPDATE SET sealed = excluded.sealed, who = excluded.who, at = excluded.at,
               about = excluded.about";
    let about = serde_json::to_string(&new.about)?;
    let sealed = seal(scribe.keys, &override_owner(&new.kind, &new.name), &new.options)?;
    scribe.run(sql, params![new.kind, new.name, new.added, sealed, new.who, new.at.as_micros(), about])
}

/// Removes what was set of a notifier.
pub(super) fn remove_override(
    scribe: &Scribe<'_>,
    kind: &str,
    name: &str,
    added: bool,
) -> Result<usize, StoreError> {
    if added {
        let sql = "DELETE FROM attached WHERE notifier IN (SELECT id FROM notifier_number WHERE name = ?1)";
        scribe.run(sql, [name])?;
    }
    let sql = "DELETE FROM option_override WHERE kind = ?1 AND name = ?2 AND added = ?3";
    scribe.run(sql, params![kind, name, added])
}

/// Gives numbers to notifiers that have none; one that was given stays.
pub(super) fn number(scribe: &Scribe<'_>, names: &[String]) -> Result<Done, StoreError> {
    let sql =
        "INSERT INTO notifier_number (id, name) SELECT coalesce(max(id), 0) + 1, ?1 FROM notifier_number";
    for name in names {
        let known = "SELECT count(*) FROM notifier_number WHERE name = ?1";
        let known: i64 = scribe.connection.prepare_cached(known)?.query_row([name], |row| row.get(0))?;
        if known == 0 {
            scribe.run(sql, [name])?;
        }
    }
    Ok(Done::Written)
}

/// A notifier hears of a scope from now on.
pub(super) fn attach(scribe: &Scribe<'_>, new: &Attached) -> Result<usize, StoreError> {
    let sql = "INSERT INTO attached (scope, moment, notifier, who, at) VALUES (?1, ?2, ?3, ?4, ?5)
               ON CONFLICT DO NOTHING";
    scribe.run(sql, params![new.scope, new.trigger.word(), new.notifier, new.who, new.at.as_micros()])
}

/// It does no longer.
pub(super) fn detach(scribe: &Scribe<'_>, old: &Attached) -> Result<usize, StoreError> {
    let sql = "DELETE FROM attached WHERE scope = ?1 AND moment = ?2 AND notifier = ?3";
    scribe.run(sql, params![old.scope, old.trigger.word(), old.notifier])
}

fn seal(
    keys: &Keys,
    owner: &str,
    options: &serde_json::Map<String, serde_json::Value>,
) -> Result<String, StoreError> {
    Ok(keys.seal(owner, &serde_json::to_vec(options)?))
}
