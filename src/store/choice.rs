//! What the buttons of messages stand for: one offer a slot, the newest ones only.

use std::time::Duration;

use rusqlite::{OptionalExtension, params};

use super::apply::Scribe;
use super::change::Done;
use super::{StoreError, trim};
use crate::model::{Chosen, Offer, Slot, Timestamp};

/// Offers that are kept; by ids, so a few more or less. Past this number the oldest goes, expired or not.
const MOST: i64 = 20_000;

/// How long an expired offer is kept.
const DAY: Duration = Duration::from_secs(86_400);

/// Keeps an offer in place of the earlier one of its slot.
pub(super) fn offer(scribe: &Scribe<'_>, offer: &Offer) -> Result<Done, StoreError> {
    withdraw(scribe, &offer.slot)?;
    let Slot { notifier, target, lane } = &offer.slot;
    let sql = "INSERT INTO choice (id, key, notifier, target, lane, until, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let body = serde_json::to_string(offer)?;
    scribe.run(sql, params![offer.id, offer.key, notifier, target, lane, offer.until.as_micros(), body])?;
    scribe.run("DELETE FROM choice WHERE id <= ?1", [offer.id - MOST])?;
    Ok(Done::Written)
}

/// The buttons of a slot's message stand for nothing any more.
pub(super) fn withdraw(scribe: &Scribe<'_>, slot: &Slot) -> Result<Done, StoreError> {
    let sql = "DELETE FROM choice WHERE notifier = ?1 AND target = ?2 AND lane = ?3";
    let gone = scribe.run(sql, [&slot.notifier, &slot.target, &slot.lane])?;
    Ok(if gone == 0 { Done::Stale } else { Done::Written })
}

/// Somebody chose. The first one stands.
pub(super) fn choose(
    scribe: &Scribe<'_>,
    key: &str,
    way: usize,
    chosen: &Chosen,
) -> Result<Done, StoreError> {
    let sql = "SELECT body FROM choice WHERE key = ?1";
    let found: Option<String> =
        scribe.connection.prepare_cached(sql)?.query_row([key], |row| row.get(0)).optional()?;
    let Some(body) = found else { return Ok(Done::Stale) };
    let mut offer: Offer = serde_json::from_str(&body)?;
    if way >= offer.ways.len() || offer.chosen(way).is_some() {
        return Ok(Done::Stale);
    }
    offer.ways[way].chosen = Some(chosen.clone());
    let body = serde_json::to_string(&offer)?;
    scribe.run("UPDATE choice SET body = ?2 WHERE key = ?1", [key, &body])?;
    Ok(Done::Written)
}

/// Removes offers that expired a day ago: so long a late press hears that it is late.
pub(super) fn trim(scribe: &Scribe<'_>, now: Timestamp) -> Result<u64, StoreError> {
    let before = now.as_micros().saturating_sub(i64::try_from(DAY.as_micros()).unwrap_or(i64::MAX));
    let sql =
        "DELETE FROM choice WHERE id IN (SELECT id FROM choice WHERE until < ?1 ORDER BY until LIMIT ?2)";
    Ok(scribe.run(sql, [before, trim::MOST])? as u64)
}
