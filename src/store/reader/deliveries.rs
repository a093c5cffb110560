//! Deliveries: what waits, what was given up, what the other side said.

use std::collections::BTreeMap;

use super::{Reader, most};
use crate::model::{Handle, Slot, Timestamp};
use crate::store::StoreError;
use crate::store::claims::Stored;
use crate::store::filter::DeliveryFilter;

/// One try of a delivery, as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Which try, from 1.
    pub number: i64,
    /// When it began.
    pub at: Timestamp,
    /// How long it took, in milliseconds.
    pub millis: i64,
    /// `sent`, `retry`, `refused` or `gone`.
    pub outcome: String,
    /// What the other side said.
    pub answer: Option<String>,
}

/// What waits for one notifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backlog {
    /// The notifier, as in its slots.
    pub notifier: String,
    /// How many are to be sent now, or again.
    pub waiting: u64,
    /// How many wait for their time.
    pub held: u64,
    /// How many were given up and not purged.
    pub dead: u64,
    /// When the oldest of those that wait was made.
    pub oldest: Option<Timestamp>,
}

impl Reader {
    /// One delivery.
    pub fn delivery(&self, id: i64) -> Result<Option<Stored>, StoreError> {
        let sql = format!("SELECT {} FROM delivery WHERE id = ?1", Stored::COLUMNS);
        self.one(&sql, [id], Stored::read)
    }

    /// Deliveries, the newest first.
    pub fn deliveries(&self, filter: &DeliveryFilter) -> Result<Vec<Stored>, StoreError> {
        let (rest, values) = filter.conditions().finish("id DESC", filter.limit);
        let sql = format!("SELECT {} FROM delivery{rest}", Stored::COLUMNS);
        self.all(&sql, rusqlite::params_from_iter(values), Stored::read)
    }

    /// The message in a slot.
    pub fn slot(&self, slot: &Slot) -> Result<Option<Handle>, StoreError> {
        let sql = "SELECT handle FROM slot WHERE notifier = ?1 AND target = ?2 AND lane = ?3";
        let values = [&slot.notifier, &slot.target, &slot.lane];
        self.one(sql, values, |row| row.get(0).map(Handle))
    }

    /// The heads of the lanes of `notifier` that are due, the one that waits longest first, at most `limit`. From an
    /// index alone.
    pub(in crate::store) fn due_ids(
        &self,
        notifier: &str,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<i64>, StoreError> {
        self.all(DUE, rusqlite::params![notifier, now.as_micros(), most(limit)], |row| row.get(0))
    }

    /// When the first head of `notifier` is due that is not due by `now`, or what is held there has its time.
    pub(in crate::store) fn due_after(
        &self,
        notifier: &str,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let found = self.one(DUE_AFTER, rusqlite::params![notifier, now.as_micros()], |row| row.get(0))?;
        let found: Option<i64> = found.flatten();
        Ok(found.map(Timestamp::from_micros))
    }

    /// Whether anything is held for `notifier` whose time has come.
    pub(in crate::store) fn is_ripe(&self, notifier: &str, now: Timestamp) -> Result<bool, StoreError> {
        let found =
            self.one(RIPE, rusqlite::params![notifier, now.as_micros()], |row| row.get::<_, i64>(0))?;
        Ok(found.is_some())
    }

    /// When the next delivery of any lane of `notifier` is due, also one that is due already.
    pub fn next_due(&self, notifier: &str) -> Result<Option<Timestamp>, StoreError> {
        self.due_after(notifier, Timestamp::from_micros(i64::MIN))
    }

    /// Deliveries that were given up, the newest first, at most `limit`.
    pub fn dead(&self, limit: usize) -> Result<Vec<Stored>, StoreError> {
        let columns = Stored::COLUMNS;
        let sql = format!("SELECT {columns} FROM delivery WHERE state = 'dead' ORDER BY id DESC LIMIT ?1");
        self.all(&sql, [most(limit)], Stored::read)
    }

    /// The tries of a delivery, in order.
    pub fn attempts(&self, delivery: i64) -> Result<Vec<Attempt>, StoreError> {
        let sql = "SELECT n, at, ms, outcome, answer FROM attempt WHERE delivery = ?1 ORDER BY n";
        self.all(sql, [delivery], |row| {
            Ok(Attempt {
                number: row.get(0)?,
                at: Timestamp::from_micros(row.get(1)?),
                millis: row.get(2)?,
                outcome: row.get(3)?,
                answer: row.get(4)?,
            })
        })
    }

    /// What waits, is held and was given up, for each notifier that has any. Counted from indexes alone.
    pub fn backlog(&self) -> Result<Vec<Backlog>, StoreError> {
        let mut found: BTreeMap<String, Backlog> = BTreeMap::new();
        for (state, sql) in BACKLOG {
            let counted = self.all(sql, [], |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
            })?;
            for (notifier, count, oldest) in counted {
                let count = u64::try_from(count).unwrap_or(0);
                let one = found.entry(notifier).or_insert_with_key(Backlog::empty);
                match state {
                    "due" => {
                        one.waiting = count;
                        one.oldest = Some(Timestamp::from_micros(oldest));
                    }
                    "held" => one.held = count,
                    _ => one.dead = count,
                }
            }
        }
        Ok(found.into_values().collect())
    }
}
pub(in crate::store) const DUE: &str =
    "SELECT id FROM delivery WHERE state = 'due' AND head = 1 AND notifier = ?1
    AND due <= ?2 ORDER BY due, made, id LIMIT ?3";

pub(in crate::store) const DUE_AFTER: &str = "SELECT min(due) FROM (
    SELECT min(due) AS due FROM delivery WHERE state = 'due' AND head = 1 AND notifier = ?1 AND due > ?2
    UNION ALL SELECT min(due) FROM delivery WHERE state = 'held' AND notifier = ?1)";

pub(in crate::store) const RIPE: &str =
    "SELECT 1 FROM delivery WHERE state = 'held' AND notifier = ?1 AND due <= ?2 LIMIT 1";

/// How many are in a state, and when the first of them was made, where that is asked: each from an index alone.
pub(in crate::store) const BACKLOG: [(&str, &str); 3] = [
    ("due", "SELECT notifier, count(*), min(made) FROM delivery WHERE state = 'due' GROUP BY notifier"),
    ("held", "SELECT notifier, count(*), 0 FROM delivery WHERE state = 'held' GROUP BY notifier"),
    ("dead", "SELECT notifier, count(*), 0 FROM delivery WHERE state = 'dead' GROUP BY notifier"),
];

impl Backlog {
    fn empty(notifier: &String) -> Self {
        Self { notifier: notifier.clone(), waiting: 0, held: 0, dead: 0, oldest: None }
    }
}
