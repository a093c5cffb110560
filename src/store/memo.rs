//! Small things that must outlive the process and are nobody's row: that the bot takes nothing new, which pipes run.

use rusqlite::params;
use serde_json::Value;

use super::StoreError;
use super::apply::Scribe;
use super::change::{Done, Memo};

/// That the bot takes nothing new.
pub(super) const DRAIN: &str = "drain";

/// Keeps something under a name, or (`None`) forgets it.
pub(super) fn put(scribe: &Scribe<'_>, name: &str, body: Option<&Value>) -> Result<usize, StoreError> {
    match body {
        Some(body) => {
            let sql = "INSERT OR REPLACE INTO memo (name, body) VALUES (?1, ?2)";
            scribe.run(sql, params![name, body.to_string()])
        }
        None => scribe.run("DELETE FROM memo WHERE name = ?1", [name]),
    }
}

/// The same with the messages about it, in one commit.
pub(super) fn memo(scribe: &mut Scribe<'_>, memo: &Memo) -> Result<Done, StoreError> {
    put(scribe, &memo.name, memo.body.as_ref())?;
    for delivery in &memo.deliveries {
        scribe.deliver(delivery)?;
    }
    Ok(Done::Written)
}
