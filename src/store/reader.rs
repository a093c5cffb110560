//! Reading what is stored, beside the writer and without its locks.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Params, Row};
use serde_json::{Map, Value};

use super::apply::owner;
use super::audit::{Head, Record};
use super::claims::Stored;
use super::filter::{Filter, Search};
use super::{Keys, StoreError, rows, schema};
use crate::model::{AdapterName, Execution, Handle, MessageKey, Slot, Timestamp};

/// A connection that can only read. Not for async code: each method may wait for the disk.
#[derive(Debug)]
pub struct Reader {
    connection: Connection,
}

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

impl Reader {
    /// Opens the database file `path` for reading; the bot may run meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Missing`], [`StoreError::Newer`], or what kept it from being read.
    pub fn open_readonly(path: &Path) -> Result<Self, StoreError> {
        Ok(Self { connection: schema::open_readonly(path)? })
    }

    /// One execution.
    pub fn execution(&self, id: i64) -> Result<Option<Execution>, StoreError> {
        let sql = format!("SELECT {} FROM execution WHERE id = ?1", rows::EXECUTION);
        self.one(&sql, [id], rows::execution)
    }

    /// Executions, the newest first.
    pub fn executions(&self, filter: &Filter) -> Result<Vec<Execution>, StoreError> {
        let (rest, values) = filter.conditions().finish("id DESC", filter.limit);
        let sql = format!("SELECT {} FROM execution{rest}", rows::EXECUTION);
        self.all(&sql, rusqlite::params_from_iter(values), rows::execution)
    }

    /// Executions that have not ended, the oldest first.
    pub fn open_executions(&self) -> Result<Vec<Execution>, StoreError> {
        let sql = format!("SELECT {} FROM execution WHERE ended IS NULL ORDER BY id", rows::EXECUTION);
        self.all(&sql, [], rows::execution)
    }

    /// The result of an ended execution, and how many bytes of output there were.
    pub fn result(&self, execution: i64) -> Result<Option<(Value, u64)>, StoreError> {
        let sql = "SELECT body, seen_bytes FROM execution_result WHERE execution = ?1";
        let read = |row: &Row<'_>| Ok((rows::parsed(row, 0)?, row.get::<_, i64>(1)?));
        let found = self.one(sql, [execution], read)?;
        Ok(found.map(|(body, seen)| (body, u64::try_from(seen).unwrap_or(0))))
    }

    /// The secret parameters of an execution; empty if it had none or is unknown.
    ///
    /// # Errors
    /// [`StoreError::Key`] if they were sealed with another key.
    pub fn secrets(&self, execution: i64, keys: &Keys) -> Result<Map<String, Value>, StoreError> {
        let sql = "SELECT sealed FROM execution WHERE id = ?1 AND sealed IS NOT NULL";
        match self.one(sql, [execution], |row| row.get::<_, String>(0))? {
            Some(sealed) => Ok(serde_json::from_slice(&keys.unseal(&owner(execution), &sealed)?)?),
            None => Ok(Map::new()),
        }
    }

    /// The execution that a message started.
    pub fn seen(&self, key: &MessageKey) -> Result<Option<i64>, StoreError> {
        self.one("SELECT id FROM seen WHERE key = ?1", [key.to_string()], |row| row.get(0))
    }

    /// The keys of the messages that started something last, the newest first, at most `limit`.
    pub fn newest_keys(&self, limit: usize) -> Result<Vec<String>, StoreError> {
        self.all("SELECT key FROM seen ORDER BY at DESC LIMIT ?1", [most(limit)], |row| row.get(0))
    }

    /// Where an adapter resumes reading a room.
    pub fn position(&self, adapter: &AdapterName, room: &str) -> Result<Option<String>, StoreError> {
        let sql = "SELECT mark FROM position WHERE adapter = ?1 AND room = ?2";
        self.one(sql, [adapter.as_str(), room], |row| row.get(0))
    }

    /// Where an adapter resumes, as (room, mark).
    pub fn positions(&self, adapter: &AdapterName) -> Result<Vec<(String, String)>, StoreError> {
        let sql = "SELECT room, mark FROM position WHERE adapter = ?1 ORDER BY room";
        self.all(sql, [adapter.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
    }

    /// The message in a slot.
    pub fn slot(&self, slot: &Slot) -> Result<Option<Handle>, StoreError> {
        let sql = "SELECT handle FROM slot WHERE notifier = ?1 AND target = ?2 AND lane = ?3";
        let values = [&slot.notifier, &slot.target, &slot.lane];
        self.one(sql, values, |row| row.get(0).map(Handle))
    }

    /// The heads of the lanes of `notifier` that are due, the one that waits longest first, at most `limit`.
    pub fn due(&self, notifier: &str, now: Timestamp, limit: usize) -> Result<Vec<Stored>, StoreError> {
        let sql = format!(
            "SELECT {} FROM delivery WHERE state = 'due' AND head = 1 AND notifier = ?1 AND due <= ?2
             ORDER BY due, id LIMIT ?3",
            Stored::COLUMNS
        );
        self.all(&sql, rusqlite::params![notifier, now.as_micros(), most(limit)], Stored::read)
    }

    /// When the next delivery of any lane of `notifier` is due.
    pub fn next_due(&self, notifier: &str) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT min(due) FROM delivery WHERE state = 'due' AND head = 1 AND notifier = ?1";
        let found = self.one(sql, [notifier], |row| row.get::<_, Option<i64>>(0))?;
        Ok(found.flatten().map(Timestamp::from_micros))
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

    /// Audit records, the newest first.
    pub fn audit(&self, search: &Search) -> Result<Vec<Record>, StoreError> {
        let (rest, values) = search.conditions().finish("at DESC, strand DESC, seq DESC", search.limit);
        let sql = format!("SELECT {AUDIT} FROM audit{rest}");
        self.all(&sql, rusqlite::params_from_iter(values), record)
    }

    /// The head of each strand, for the log and for `audit verify --head`.
    pub fn heads(&self) -> Result<Vec<Head>, StoreError> {
        let sql = "SELECT id, seq, mac FROM strand ORDER BY id";
        self.all(sql, [], |row| Ok(Head { strand: row.get(0)?, seq: row.get(1)?, mac: row.get(2)? }))
    }

    /// Each row of the audit table in chain order; `None` for one that no record can be.
    ///
    /// # Errors
    /// Those of the database and of `visit`, which end the walk.
    pub fn audit_rows(
        &self,
        mut visit: impl FnMut(Option<Record>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let sql = format!("SELECT {AUDIT} FROM audit ORDER BY strand, seq");
        let mut statement = self.connection.prepare(&sql)?;
        let mut found = statement.query([])?;
        while let Some(row) = found.next()? {
            visit(record(row).ok())?;
        }
        Ok(())
    }

    /// Lets several reads see one moment: nothing that is committed meanwhile shows.
    pub fn at_one_moment<T>(
        &self,
        read: impl FnOnce(&Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let moment = self.connection.unchecked_transaction()?;
        let outcome = read(self);
        drop(moment);
        outcome
    }

    fn one<T>(
        &self,
        sql: &str,
        values: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, StoreError> {
        Ok(self.connection.prepare_cached(sql)?.query_row(values, read).optional()?)
    }

    fn all<T>(
        &self,
        sql: &str,
        values: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let found = statement.query_map(values, read)?;
        Ok(found.collect::<Result<_, _>>()?)
    }
}

fn most(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

const AUDIT: &str = "strand, seq, at, what, person, place, subject, body, mac";

fn record(row: &Row<'_>) -> rusqlite::Result<Record> {
    Ok(Record {
        strand: row.get(0)?,
        seq: row.get(1)?,
        at: Timestamp::from_micros(row.get(2)?),
        what: row.get(3)?,
        person: row.get(4)?,
        place: row.get(5)?,
        subject: row.get(6)?,
        body: row.get(7)?,
        mac: row.get(8)?,
    })
}
