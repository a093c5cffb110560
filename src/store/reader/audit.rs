//! The audit log.

use rusqlite::Row;

use super::Reader;
use crate::model::Timestamp;
use crate::store::StoreError;
use crate::store::audit::{Head, Record};
use crate::store::filter::Search;

impl Reader {
    /// Audit records, the newest first.
    pub fn audit(&self, search: &Search) -> Result<Vec<Record>, StoreError> {
        let (rest, values) = search.conditions().finish("at DESC, strand DESC, seq DESC", search.limit);
        // A text is looked for in the bodies, which are read one after the other faster than by an index.
        let is_walk = search.text.is_some() && search.person.is_none() && search.from.is_none();
        let by = if is_walk { " NOT INDEXED" } else { "" };
        let sql = format!("SELECT {AUDIT} FROM audit{by}{rest}");
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
}

pub(super) const AUDIT: &str = "strand, seq, at, what, person, place, subject, body, mac";

pub(super) fn record(row: &Row<'_>) -> rusqlite::Result<Record> {
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
