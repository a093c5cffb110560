//! What running workflows know, written step by step.

use rusqlite::params;

use super::StoreError;
use super::apply::{Scribe, owner};
use super::change::{Done, Finish, Flow};

/// The end of a step and what it made of its workflow, in one.
pub(super) fn step(
    scribe: &mut Scribe<'_>,
    finish: Option<&Finish>,
    flow: &Flow,
) -> Result<Done, StoreError> {
    let done = finish.map_or(Ok(Done::Written), |finish| scribe.finish(finish))?;
    write(scribe, flow)?;
    Ok(done)
}

fn write(scribe: &Scribe<'_>, flow: &Flow) -> Result<(), StoreError> {
    let owner = owner(flow.execution);
    for prefix in &flow.gone {
        // Keys are plain words with slashes: what begins with the prefix is between it and the next letter.
        let sql = "DELETE FROM flow WHERE execution = ?1 AND part >= ?2 AND part < ?2 || char(127)";
        scribe.run(sql, params![flow.execution, prefix])?;
    }
    for (key, text) in &flow.parts {
        let sealed = scribe.keys.seal(&owner, text.as_bytes());
        let sql = "INSERT OR REPLACE INTO flow (execution, part, sealed) VALUES (?1, ?2, ?3)";
        scribe.run(sql, params![flow.execution, key, sealed])?;
    }
    if let Some(status) = flow.status {
        let sql = "UPDATE execution SET status = ?2, worker = ?3 WHERE id = ?1 AND ended IS NULL";
        scribe.run(sql, params![flow.execution, status.as_str(), scribe.worker])?;
    }
    Ok(())
}
