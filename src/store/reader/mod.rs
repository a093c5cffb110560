//! Reading what is stored, beside the writer and without its locks.

mod audit;
mod choices;
mod deliveries;
mod events;
mod executions;
mod flows;
mod later;
mod minutes;
mod pages;
mod rules;
mod settings;
mod topics;
mod waits;

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Params, Row};

pub use deliveries::{Attempt, Backlog};
#[cfg(test)]
pub(super) use deliveries::{BACKLOG, DUE, DUE_AFTER, RIPE};
pub use events::StoredEvent;
#[cfg(test)]
pub(super) use later::{COME, COMING, NEXT, OF_OWNER, RESTING};
pub use minutes::Minute;
pub use rules::RULES;
pub use topics::{Gathered, Live, TopicLine};
pub(super) use waits::factor_owner;

use super::{StoreError, schema};

/// A connection that can only read. Not for async code: each method may wait for the disk.
#[derive(Debug)]
pub struct Reader {
    connection: Connection,
}

impl Reader {
    /// Opens the database file `path` for reading; the bot may run meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Missing`], [`StoreError::Newer`], or what kept it from being read.
    pub fn open_readonly(path: &Path) -> Result<Self, StoreError> {
        Ok(Self { connection: schema::open_readonly(path)? })
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
