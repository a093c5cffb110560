//! What waits for somebody's word: asked, voted on, closed, each in one commit.

use rusqlite::{OptionalExtension, params};

use super::apply::Scribe;
use super::change::{Done, Then, Vote, Wait, Waiting, Word};
use super::{StoreError, accept};
use crate::model::Timestamp;

/// An execution waits from now on.
pub(super) fn wait(scribe: &mut Scribe<'_>, wait: &Wait) -> Result<Done, StoreError> {
    match &wait.begin {
        Some(begin) => {
            if let Done::Repeated(earlier) = scribe.begin(begin)? {
                return Ok(Done::Repeated(earlier));
            }
        }
        None => {
            let sql = "UPDATE execution SET status = 'pending' WHERE id = ?1 AND ended IS NULL";
            if scribe.run(sql, [wait.execution])? == 0 {
                return Ok(Done::Stale);
            }
        }
    }
    ask(scribe, wait.execution, &wait.waiting)?;
    for delivery in &wait.deliveries {
        scribe.deliver(delivery)?;
    }
    for told in &wait.events {
        accept::accept(scribe, told)?;
    }
    scribe.audit(&wait.audit)?;
    Ok(Done::Written)
}

fn ask(scribe: &Scribe<'_>, execution: i64, waiting: &Waiting) -> Result<(), StoreError> {
    let sql =
        "INSERT OR REPLACE INTO request (execution, kind, needs, asked, until) VALUES (?1, ?2, ?3, ?4, ?5)";
    let Waiting { kind, needs, asked, until } = waiting;
    scribe.run(sql, params![execution, kind, needs.to_string(), asked.as_micros(), until.as_micros()])?;
    Ok(())
}

/// Somebody had a say.
pub(super) fn word(scribe: &mut Scribe<'_>, word: &Word) -> Result<Done, StoreError> {
    let sql = "SELECT 1 FROM request WHERE execution = ?1 AND closed IS NULL";
    let open = scribe.connection.prepare_cached(sql)?.query_row([word.execution], |_| Ok(())).optional()?;
    if open.is_none() {
        return Ok(Done::Stale);
    }
    if let Some(vote) = &word.vote {
        cast(scribe, word.execution, vote)?;
    }
    match &word.then {
        Then::Waits => {}
        Then::Next(next) => ask(scribe, word.execution, next)?,
        Then::Runs(verdict) => {
            close(scribe, word.execution, verdict, word.audit.at)?;
            let sql =
                "UPDATE execution SET status = 'requested', worker = ?2 WHERE id = ?1 AND ended IS NULL";
            scribe.run(sql, params![word.execution, scribe.worker])?;
        }
        Then::Ends(verdict, finish) => {
            close(scribe, word.execution, verdict, word.audit.at)?;
            scribe.finish(finish)?;
        }
    }
    for delivery in &word.deliveries {
        scribe.deliver(delivery)?;
    }
    for told in &word.events {
        accept::accept(scribe, told)?;
    }
    scribe.audit(&word.audit)?;
    Ok(Done::Written)
}

fn cast(scribe: &Scribe<'_>, execution: i64, vote: &Vote) -> Result<(), StoreError> {
    let sql = "INSERT OR REPLACE INTO vote (execution, who, person, name, place, verdict, counts, reason, at)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    let Vote { who, person, name, place, verdict, counts, reason, at } = vote;
    let (counts, at) = (serde_json::to_string(counts)?, at.as_micros());
    scribe.run(sql, params![execution, who, person.to_string(), name, place, verdict, counts, reason, at])?;
    Ok(())
}

fn close(scribe: &Scribe<'_>, execution: i64, verdict: &str, at: Timestamp) -> Result<(), StoreError> {
    let sql = "UPDATE request SET verdict = ?2, closed = ?3 WHERE execution = ?1";
    scribe.run(sql, params![execution, verdict, at.as_micros()])?;
    Ok(())
}
