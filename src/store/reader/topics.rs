//! Topics, and what admins set while the bot ran.

use std::collections::BTreeMap;

use rusqlite::Row;
use serde_json::{Map, Value};

use super::Reader;
use super::events::StoredEvent;
use crate::model::{Attached, HandlerSpec, Level, Override, TimeGrant, Timestamp, TopicEvent};
use crate::store::topics::{COLUMNS, handler_owner, level, override_owner, topic_event};
use crate::store::{Keys, StoreError};

/// How a topic stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicLine {
    /// Its name.
    pub name: String,
    /// How bad the worst thing in it is.
    pub level: Level,
    /// How many things it remembers.
    pub events: u64,
}

/// What admins set while the bot ran.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Live {
    /// Options of notifiers.
    pub overrides: Vec<Override>,
    /// Who listens to topics, by topic and name.
    pub handlers: Vec<HandlerSpec>,
    /// What was granted for a time, over or not.
    pub grants: Vec<TimeGrant>,
    /// The number of each notifier that there is or was, by its name.
    pub numbers: BTreeMap<String, i64>,
    /// Notifiers that were attached to scopes.
    pub attached: Vec<Attached>,
    /// What does not open with the key of this home, one sentence each.
    pub lost: Vec<String>,
}

/// What a handler has gathered and is to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gathered {
    /// The topic.
    pub topic: String,
    /// The handler.
    pub handler: String,
    /// Since when.
    pub due: Timestamp,
}

impl Reader {
    /// The topics that remember something, by name.
    pub fn topics(&self) -> Result<Vec<TopicLine>, StoreError> {
        let sql = "SELECT topic, max(level), count(*) FROM topic_event GROUP BY topic ORDER BY topic";
        self.all(sql, [], |row| {
            let events = u64::try_from(row.get::<_, i64>(2)?).unwrap_or(0);
            Ok(TopicLine { name: row.get(0)?, level: level(row.get(1)?), events })
        })
    }

    /// What a topic remembers, at least so bad, the worst first; at most `limit`.
    pub fn topic_events(
        &self,
        topic: &str,
        least: Level,
        limit: usize,
    ) -> Result<Vec<TopicEvent>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM topic_event WHERE topic = ?1 AND level >= ?2 ORDER BY level DESC, at DESC LIMIT ?3"
        );
        self.all(&sql, rusqlite::params![topic, least as i64, super::most(limit)], topic_event)
    }

    /// What a topic remembers of one thing.
    pub fn topic_event(&self, topic: &str, id: &str) -> Result<Option<TopicEvent>, StoreError> {
        crate::store::topics::remembered(&self.connection, topic, id)
    }

    /// What was gathered and is to be told by `now`, and when the next is.
    pub fn gathered(&self, now: Timestamp) -> Result<(Vec<Gathered>, Option<Timestamp>), StoreError> {
        let sql = "SELECT DISTINCT topic, handler, due FROM gathered WHERE due <= ?1 ORDER BY due LIMIT 100";
        let read = |row: &Row<'_>| {
            let due = Timestamp::from_micros(row.get(2)?);
            Ok(Gathered { topic: row.get(0)?, handler: row.get(1)?, due })
        };
        let due = self.all(sql, [now.as_micros()], read)?;
        let sql = "SELECT due FROM gathered WHERE due > ?1 ORDER BY due LIMIT 1";
        let next = self.one(sql, [now.as_micros()], |row| Ok(Timestamp::from_micros(row.get(0)?)))?;
        Ok((due, next))
    }

    /// The events that were gathered, as they came.
    pub fn gathered_events(&self, of: &Gathered) -> Result<Vec<StoredEvent>, StoreError> {
        let sql = format!(
            "SELECT {} FROM gathered JOIN event ON event.id = gathered.event
             WHERE topic = ?1 AND handler = ?2 AND due = ?3 ORDER BY event.id",
            StoredEvent::COLUMNS
        );
        self.all(&sql, rusqlite::params![of.topic, of.handler, of.due.as_micros()], StoredEvent::read)
    }

    /// What admins set while the bot ran.
    pub fn live(&self, keys: &Keys) -> Result<Live, StoreError> {
        let mut live = Live::default();
        let sql = "SELECT kind, name, added, sealed, who, at, about FROM option_override ORDER BY kind, name, added";
        let read = |row: &Row<'_>| {
            let one = Override {
                kind: row.get(0)?,
                name: row.get(1)?,
                added: row.get(2)?,
                options: Map::new(),
                who: row.get(4)?,
                at: Timestamp::from_micros(row.get(5)?),
                about: crate::store::rows::parsed(row, 6)?,
            };
            Ok((one, row.get::<_, String>(3)?))
        };
        for (mut one, sealed) in self.all(sql, [], read)? {
            let owner = override_owner(&one.kind, &one.name);
            if let Some(options) = live.opened(keys, &owner, &sealed) {
                one.options = options;
                live.overrides.push(one);
            }
        }
        let sql = "SELECT topic, id, kind, matching, sealed FROM handler ORDER BY topic, id";
        let read = |row: &Row<'_>| {
            let (topic, id, kind, matching) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
            Ok((HandlerSpec { id, topic, kind, options: Map::new(), matching }, row.get::<_, String>(4)?))
        };
        for (mut one, sealed) in self.all(sql, [], read)? {
            let owner = handler_owner(&one.topic, &one.id);
            if let Some(options) = live.opened(keys, &owner, &sealed) {
                one.options = options;
                live.handlers.push(one);
            }
        }
        live.grants = self.time_grants()?;
        let sql = "SELECT name, id FROM notifier_number";
        live.numbers = self.all(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?.into_iter().collect();
        let sql = "SELECT scope, moment, notifier, who, at FROM attached ORDER BY scope, moment, notifier";
        live.attached = self.all(sql, [], |row| {
            Ok(Attached {
                scope: row.get(0)?,
                trigger: crate::store::rows::word(row, 1)?,
                notifier: row.get(2)?,
                who: row.get(3)?,
                at: Timestamp::from_micros(row.get(4)?),
            })
        })?;
        Ok(live)
    }
}

impl Live {
    fn opened(&mut self, keys: &Keys, owner: &str, sealed: &str) -> Option<Map<String, Value>> {
        let plain = keys.unseal(owner, sealed).ok().and_then(|plain| serde_json::from_slice(&plain).ok());
        if plain.is_none() {
            self.lost.push(format!("`{owner}` does not open with the key in var/seal.key: set it again"));
        }
        plain
    }
}
