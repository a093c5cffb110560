//! What becomes of a delivery after a try.

use rusqlite::{OptionalExtension, params};

use super::StoreError;
use super::apply::Scribe;
use super::change::{Done, Settled};
use crate::model::{SendError, Slot};

/// Keeps the attempt, moves the delivery on, and remembers or forgets the message of its slot.
pub(super) fn settle(scribe: &Scribe<'_>, settled: &Settled) -> Result<Done, StoreError> {
    let Some((slot, tries)) = open(scribe, settled.delivery)? else { return Ok(Done::Stale) };
    let tries = tries + 1;
    let (outcome, answer) = words(settled);
    // A replayed delivery begins to count anew, its history goes on.
    let sql = "INSERT INTO attempt (delivery, n, at, ms, outcome, answer)
               SELECT ?1, coalesce(max(n), 0) + 1, ?2, ?3, ?4, ?5 FROM attempt WHERE delivery = ?1";
    let millis = i64::try_from(settled.millis).unwrap_or(i64::MAX);
    scribe.run(sql, params![settled.delivery, settled.at.as_micros(), millis, outcome, answer])?;
    let again = settled.again.filter(|_| settled.outcome.is_err());
    let left = match again {
        Some(again) => {
            let sql = "UPDATE delivery SET tries = ?2, answer = ?3, due = ?4 WHERE id = ?1";
            scribe.run(sql, params![settled.delivery, tries, answer, again.as_micros()])?;
            true
        }
        None => {
            let state = if settled.outcome.is_ok() { "sent" } else { "dead" };
            let done = settled.at.plus(std::time::Duration::from_millis(settled.millis));
            let sql =
                "UPDATE delivery SET tries = ?2, answer = ?3, state = ?4, head = 0, done = ?5 WHERE id = ?1";
            scribe.run(sql, params![settled.delivery, tries, answer, state, done.as_micros()])?;
            scribe.advance(&slot)?
        }
    };
    remember(scribe, &slot, settled)?;
    Ok(if left { Done::Written } else { Done::Emptied })
}

fn open(scribe: &Scribe<'_>, delivery: i64) -> Result<Option<(Slot, i64)>, StoreError> {
    let sql = "SELECT notifier, target, lane, tries FROM delivery WHERE id = ?1 AND done IS NULL";
    let mut statement = scribe.connection.prepare_cached(sql)?;
    let found = statement.query_row([delivery], |row| {
        Ok((Slot { notifier: row.get(0)?, target: row.get(1)?, lane: row.get(2)? }, row.get(3)?))
    });
    Ok(found.optional()?)
}

/// The outcome as a word, and what the other side said.
fn words(settled: &Settled) -> (&'static str, &str) {
    match &settled.outcome {
        Ok(receipt) => ("sent", &receipt.answer),
        Err(SendError::Retry { why, .. }) => ("retry", why),
        Err(SendError::Refused { why } | SendError::NoRoom { why }) => ("refused", why),
        Err(SendError::Gone { why }) => ("gone", why),
    }
}

fn remember(scribe: &Scribe<'_>, slot: &Slot, settled: &Settled) -> Result<(), StoreError> {
    match &settled.outcome {
        Ok(receipt) => match &receipt.handle {
            Some(handle) => scribe.note(slot, handle),
            None => Ok(()),
        },
        Err(SendError::Gone { .. }) => {
            let sql = "DELETE FROM slot WHERE notifier = ?1 AND target = ?2 AND lane = ?3";
            scribe.run(sql, [&slot.notifier, &slot.target, &slot.lane])?;
            Ok(())
        }
        Err(_) => Ok(()),
    }
}
