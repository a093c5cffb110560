//! Executions, the messages that started them, and where adapters resume.

use rusqlite::Row;
use serde_json::{Map, Value};

use super::{Reader, most};
use crate::model::{AdapterName, Execution, MessageKey};
use crate::store::apply::owner;
use crate::store::filter::Filter;
use crate::store::{Keys, StoreError, rows};

impl Reader {
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

    /// How many executions there are, whatever the limit.
    pub fn count_executions(&self, filter: &Filter) -> Result<usize, StoreError> {
        let (rest, values) = filter.conditions().counted();
        let sql = format!("SELECT count(*) FROM execution{rest}");
        let found = self.one(&sql, rusqlite::params_from_iter(values), |row| row.get::<_, i64>(0))?;
        Ok(found.and_then(|count| usize::try_from(count).ok()).unwrap_or(0))
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

    /// Where commands were given on an adapter, the latest first, at most `limit`: rooms, and threads in them.
    pub fn places(
        &self,
        adapter: &AdapterName,
        limit: usize,
    ) -> Result<Vec<(String, Option<String>)>, StoreError> {
        let sql = "SELECT room, thread FROM execution WHERE adapter = ?1 AND room IS NOT NULL
                   GROUP BY room, thread ORDER BY max(id) DESC LIMIT ?2";
        self.all(sql, rusqlite::params![adapter.as_str(), most(limit)], |row| Ok((row.get(0)?, row.get(1)?)))
    }

    /// Where an adapter resumes, as (room, mark).
    pub fn positions(&self, adapter: &AdapterName) -> Result<Vec<(String, String)>, StoreError> {
        let sql = "SELECT room, mark FROM position WHERE adapter = ?1 ORDER BY room";
        self.all(sql, [adapter.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
    }
}
