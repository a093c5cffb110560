//! An event was told: what it changes, and who hears of it, in one transaction.

use std::cell::{OnceCell, RefCell};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};

use super::apply::Scribe;
use super::change::{Accept, Done, Scene};
use super::{StoreError, fresh, rows, topics};
use crate::model::{Slot, Subject, Timestamp, TopicEvent};

/// How long a key makes an event count once.
pub(super) const KEYS_LAST: Duration = Duration::from_secs(86_400);

/// What keys begin with that make an event count once for a short time only.
pub const BRIEF: &str = "event/brief";
/// That time.
const BRIEFLY: Duration = Duration::from_secs(60);

/// Who waits for subjects that have a time at which to look at them is woken by this name.
pub(super) const OVERDUE: &str = "subjects";

/// The most failing subjects that routing is shown.
const MOST_FAILING: i64 = 10_000;

/// Writes the event, its subject and its deliveries, unless it was told before or is late.
pub(super) fn accept(scribe: &mut Scribe<'_>, accept: &Accept) -> Result<Done, StoreError> {
    if let Some(event) = repeated(scribe, accept)? {
        return Ok(Done::Repeated(event));
    }
    let key = accept.event.subject();
    let before = subject(scribe.connection, &key)?;
    if let Some(now) = accept.overdue {
        let overdue = before.as_ref().and_then(|before| before.overdue);
        if overdue.is_none_or(|overdue| overdue > now) {
            return Ok(Done::Stale);
        }
    }
    let was_bad = before.as_ref().is_some_and(Subject::is_failing);
    let stage = Stage::new(scribe.connection, before);
    let routed = accept.decide.call(accept, &stage);
    stage.failed()?;
    insert(scribe, accept, &key)?;
    if routed.fresh {
        fresh::note(scribe, accept.id)?;
    }
    if was_bad && routed.subject.as_ref().is_some_and(|subject| !subject.is_failing()) {
        fresh::calm(scribe, &key, accept.at, "it is over")?;
    }
    if let Some(subject) = &routed.subject {
        keep(scribe, subject, accept.at)?;
    }
    topics::keep(scribe, accept.id, accept.at, &routed.topical)?;
    let mut deliveries = 0;
    for sending in &routed.sends {
        deliveries += usize::from(scribe.send(accept.id, accept.at, sending)?);
    }
    Ok(Done::Accepted { event: accept.id, deliveries })
}

/// The event that came with one of the keys within a day.
fn repeated(scribe: &Scribe<'_>, accept: &Accept) -> Result<Option<i64>, StoreError> {
    let since = |last: Duration| accept.at.as_micros() - i64::try_from(last.as_micros()).unwrap_or(i64::MAX);
    let mut statement =
        scribe.connection.prepare_cached("SELECT event FROM event_key WHERE key = ?1 AND at > ?2")?;
    for key in &accept.keys {
        let lasts = if key.starts_with(BRIEF) { BRIEFLY } else { KEYS_LAST };
        let found = statement.query_row(params![key, since(lasts)], |row| row.get(0)).optional()?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

fn insert(scribe: &Scribe<'_>, accept: &Accept, subject: &str) -> Result<(), StoreError> {
    let sql = "INSERT INTO event (id, source, kind, status, level, subject, raw_size, raw_hash, at, body)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    let event = &accept.event;
    let body = serde_json::to_string(&**event)?;
    let (at, size) = (accept.at.as_micros(), i64::try_from(accept.raw_size).unwrap_or(i64::MAX));
    let (status, level) = (event.status.word(), event.level as i64);
    scribe.run(
        sql,
        params![accept.id, event.source, event.kind, status, level, subject, size, accept.raw_hash, at, body],
    )?;
    let sql = "INSERT INTO event_key (key, event, at) VALUES (?1, ?2, ?3)
               ON CONFLICT (key) DO UPDATE SET event = excluded.event, at = excluded.at";
    for key in &accept.keys {
        scribe.run(sql, params![key, accept.id, at])?;
    }
    Ok(())
}

/// What is known of a subject.
pub(super) fn subject(connection: &Connection, key: &str) -> Result<Option<Subject>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT body FROM subject WHERE key = ?1")?;
    Ok(statement.query_row([key], |row| rows::parsed(row, 0)).optional()?)
}

/// Keeps what is known of a subject.
pub(super) fn keep(scribe: &mut Scribe<'_>, subject: &Subject, at: Timestamp) -> Result<(), StoreError> {
    let sql = "INSERT INTO subject (key, failing, since, overdue, at, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
               ON CONFLICT (key) DO UPDATE SET failing = excluded.failing, since = excluded.since,
               overdue = excluded.overdue, at = excluded.at, body = excluded.body";
    let failing = subject.is_failing();
    let overdue = subject.overdue.map(Timestamp::as_micros);
    let body = serde_json::to_string(subject)?;
    let (since, at) = (subject.since.as_micros(), at.as_micros());
    scribe.run(sql, params![subject.key, failing, since, overdue, at, body])?;
    if overdue.is_some() {
        scribe.touch(OVERDUE);
    }
    Ok(())
}

/// What routing may look at, read when it does.
struct Stage<'a> {
    connection: &'a Connection,
    subject: Option<Subject>,
    failing: OnceCell<Vec<Subject>>,
    /// Why something could not be read.
    error: RefCell<Option<StoreError>>,
}

/// Subjects whose last outcome is bad, the newest first.
pub(super) fn failing(connection: &Connection) -> Result<Vec<Subject>, StoreError> {
    let sql = "SELECT body FROM subject WHERE failing = 1 ORDER BY since DESC LIMIT ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement.query_map([MOST_FAILING], |row| rows::parsed(row, 0))?;
    Ok(found.collect::<Result<_, _>>()?)
}

impl<'a> Stage<'a> {
    fn new(connection: &'a Connection, subject: Option<Subject>) -> Self {
        Self { connection, subject, failing: OnceCell::new(), error: RefCell::new(None) }
    }

    fn read_failing(&self) -> Result<Vec<Subject>, StoreError> {
        failing(self.connection)
    }

    /// What went wrong while routing looked.
    fn failed(self) -> Result<(), StoreError> {
        self.error.into_inner().map_or(Ok(()), Err)
    }
}

impl Scene for Stage<'_> {
    fn subject(&self) -> Option<&Subject> {
        self.subject.as_ref()
    }

    fn escalated(&self) -> Vec<Slot> {
        let Some(subject) = &self.subject else { return Vec::new() };
        fresh::escalated(self.connection, subject).unwrap_or_else(|error| {
            *self.error.borrow_mut() = Some(error);
            Vec::new()
        })
    }

    fn remembered(&self, topic: &str, id: &str) -> Option<TopicEvent> {
        topics::remembered(self.connection, topic, id).unwrap_or_else(|error| {
            *self.error.borrow_mut() = Some(error);
            None
        })
    }

    fn failing(&self) -> Vec<Subject> {
        let read = || {
            self.read_failing().unwrap_or_else(|error| {
                *self.error.borrow_mut() = Some(error);
                Vec::new()
            })
        };
        self.failing.get_or_init(read).clone()
    }
}
