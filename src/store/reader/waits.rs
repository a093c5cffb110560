//! What waits for somebody's word, who had a say, what was granted for a time, second factors.

use rusqlite::Row;

use super::Reader;
use crate::model::{Execution, TimeGrant, Timestamp};
use crate::store::change::{Vote, Waited, Waiting};
use crate::store::{Keys, StoreError, rows};

/// Whose the sealed second factor of a person is.
pub(in crate::store) fn factor_owner(who: &str) -> String {
    format!("second_factor/{who}")
}

impl Reader {
    /// Executions that wait for somebody's word, the oldest first, with what they wait for.
    pub fn waiting(&self) -> Result<Vec<(Execution, Waiting)>, StoreError> {
        let ids =
            self.all("SELECT execution FROM request WHERE closed IS NULL ORDER BY execution", [], |row| {
                row.get::<_, i64>(0)
            })?;
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            let both = (self.execution(id)?, self.waited(id)?);
            if let (Some(execution), Some(waited)) = both {
                found.push((execution, waited.waiting));
            }
        }
        Ok(found)
    }

    /// What an execution waits or waited for.
    pub fn waited(&self, execution: i64) -> Result<Option<Waited>, StoreError> {
        let sql = "SELECT kind, needs, asked, until, verdict, closed FROM request WHERE execution = ?1";
        let read = |row: &Row<'_>| {
            let waiting = Waiting {
                kind: row.get(0)?,
                needs: rows::parsed(row, 1)?,
                asked: Timestamp::from_micros(row.get(2)?),
                until: Timestamp::from_micros(row.get(3)?),
            };
            Ok(Waited { waiting, verdict: row.get(4)?, closed: rows::time(row, 5)? })
        };
        self.one(sql, [execution], read)
    }

    /// The votes on an execution, the earliest first.
    pub fn votes(&self, execution: i64) -> Result<Vec<Vote>, StoreError> {
        let sql = "SELECT who, person, name, place, verdict, counts, reason, at FROM vote WHERE execution = ?1 ORDER BY at, who";
        let read = |row: &Row<'_>| {
            Ok(Vote {
                who: row.get(0)?,
                person: rows::word(row, 1)?,
                name: row.get(2)?,
                place: row.get(3)?,
                verdict: row.get(4)?,
                counts: rows::parsed(row, 5)?,
                reason: row.get(6)?,
                at: Timestamp::from_micros(row.get(7)?),
            })
        };
        self.all(sql, [execution], read)
    }

    /// What was granted for a time and not taken back, the one that ends last first.
    pub fn time_grants(&self) -> Result<Vec<TimeGrant>, StoreError> {
        let sql = "SELECT id, what, holder, person, person_name, why, begins, ends FROM time_grant
                   WHERE revoked IS NULL ORDER BY ends DESC, id DESC";
        let read = |row: &Row<'_>| {
            Ok(TimeGrant {
                id: row.get(0)?,
                what: row.get(1)?,
                to: row.get(2)?,
                by: rows::word(row, 3)?,
                by_name: row.get(4)?,
                why: row.get(5)?,
                from: Timestamp::from_micros(row.get(6)?),
                until: Timestamp::from_micros(row.get(7)?),
            })
        };
        self.all(sql, [], read)
    }

    /// The second factor of a person, as it was given to [`crate::store::Setting::Factor`].
    ///
    /// # Errors
    /// [`StoreError::Key`] if it was sealed with another key.
    pub fn second_factor(&self, who: &str, keys: &Keys) -> Result<Option<Vec<u8>>, StoreError> {
        let sql = "SELECT sealed FROM second_factor WHERE who = ?1";
        let sealed = self.one(sql, [who], |row| row.get::<_, String>(0))?;
        sealed.map(|sealed| keys.unseal(&factor_owner(who), &sealed)).transpose()
    }
}
