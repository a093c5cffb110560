//! Events, what is known of their subjects, and which events a delivery tells of.

use std::sync::Arc;

use rusqlite::{OptionalExtension, Row};

use super::{Reader, most};
use crate::model::{Event, Subject, Timestamp};
use crate::store::filter::EventFilter;
use crate::store::{StoreError, accept, rows};

/// An event as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredEvent {
    /// Its id.
    pub id: i64,
    /// What was told, secrets masked.
    pub event: Arc<Event>,
    /// When it came.
    pub at: Timestamp,
    /// How many bytes the sender sent.
    pub raw_size: u64,
    /// SHA-256 of them, in hex.
    pub raw_hash: String,
}

impl StoredEvent {
    pub(super) const COLUMNS: &'static str = "event.id, event.body, event.at, event.raw_size, event.raw_hash";

    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            event: Arc::new(rows::event(row, 1)?),
            at: Timestamp::from_micros(row.get(2)?),
            raw_size: u64::try_from(row.get::<_, i64>(3)?).unwrap_or(0),
            raw_hash: row.get(4)?,
        })
    }
}

impl Reader {
    /// One event.
    pub fn event(&self, id: i64) -> Result<Option<StoredEvent>, StoreError> {
        let sql = format!("SELECT {} FROM event WHERE id = ?1", StoredEvent::COLUMNS);
        self.one(&sql, [id], StoredEvent::read)
    }

    /// Events, the newest first.
    pub fn events(&self, filter: &EventFilter) -> Result<Vec<StoredEvent>, StoreError> {
        let (rest, values) = filter.conditions().finish("id DESC", filter.limit);
        let sql = format!("SELECT {} FROM event{rest}", StoredEvent::COLUMNS);
        self.all(&sql, rusqlite::params_from_iter(values), StoredEvent::read)
    }

    /// The events that a delivery tells of: the one in its row first, then those that it gathered, as they came.
    /// None of what was trimmed.
    pub fn members(&self, delivery: i64) -> Result<Vec<StoredEvent>, StoreError> {
        let columns = StoredEvent::COLUMNS;
        let first = format!(
            "SELECT {columns} FROM delivery JOIN event ON event.id = delivery.event WHERE delivery.id = ?1"
        );
        let mut all = self.all(&first, [delivery], StoredEvent::read)?;
        let others = format!(
            "SELECT {columns} FROM delivery_member AS member JOIN event ON event.id = member.event
             WHERE member.delivery = ?1 ORDER BY member.event"
        );
        all.extend(self.all(&others, [delivery], StoredEvent::read)?);
        Ok(all)
    }

    /// What is known of a subject, by its key.
    pub fn subject(&self, key: &str) -> Result<Option<Subject>, StoreError> {
        accept::subject(&self.connection, key)
    }

    /// Subjects whose last outcome is bad, the newest first, as many as routing is shown.
    pub fn failing_subjects(&self) -> Result<Vec<Subject>, StoreError> {
        accept::failing(&self.connection)
    }

    /// Subjects to be looked at again by `now`, the one that waits longest first, at most `limit`.
    pub fn subjects_overdue(&self, now: Timestamp, limit: usize) -> Result<Vec<Subject>, StoreError> {
        let sql = "SELECT body FROM subject WHERE overdue <= ?1 ORDER BY overdue LIMIT ?2";
        self.all(sql, [now.as_micros(), most(limit)], |row| rows::parsed(row, 0))
    }

    /// When the next subject is to be looked at again.
    pub fn next_overdue(&self) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT overdue FROM subject WHERE overdue IS NOT NULL ORDER BY overdue LIMIT 1";
        let found = self.connection.prepare_cached(sql)?.query_row([], |row| row.get(0)).optional()?;
        Ok(found.map(Timestamp::from_micros))
    }
}
