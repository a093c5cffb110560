//! Workflows: those that are open, what they know, and their steps.

use super::Reader;
use crate::model::Execution;
use crate::store::apply::owner;
use crate::store::{Keys, StoreError, rows};

impl Reader {
    /// The workflows that have not ended, the oldest first.
    pub fn open_flows(&self) -> Result<Vec<Execution>, StoreError> {
        let sql = format!(
            "SELECT {} FROM execution WHERE ended IS NULL
             AND EXISTS (SELECT 1 FROM flow WHERE flow.execution = execution.id) ORDER BY id",
            rows::EXECUTION
        );
        self.all(&sql, [], rows::execution)
    }

    /// What a workflow knows, as (key, text); nothing of what is no workflow.
    ///
    /// # Errors
    /// [`StoreError::Key`] if it was sealed with another key.
    pub fn flow(&self, execution: i64, keys: &Keys) -> Result<Vec<(String, String)>, StoreError> {
        let sql = "SELECT part, sealed FROM flow WHERE execution = ?1 ORDER BY part";
        let found = self.all(sql, [execution], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?;
        let owner = owner(execution);
        let open = |(key, sealed): (String, String)| {
            let text = String::from_utf8(keys.unseal(&owner, &sealed)?);
            Ok((key, text.map_err(|error| StoreError::Corrupt(error.to_string()))?))
        };
        found.into_iter().map(open).collect()
    }

    /// The executions that are steps of a workflow, the oldest first.
    pub fn steps(&self, workflow: i64) -> Result<Vec<Execution>, StoreError> {
        let sql = format!("SELECT {} FROM execution WHERE parent = ?1 ORDER BY id", rows::EXECUTION);
        self.all(&sql, [workflow], rows::execution)
    }
}
