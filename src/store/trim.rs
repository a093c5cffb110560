//! Retention: what is older goes, and the audit chain keeps a record of it.

use std::time::Duration;

use rusqlite::params;
use serde_json::json;

use super::apply::{Scribe, object};
use super::audit::Chain;
use super::change::{Done, Entry, What};
use super::{StoreError, accept, choice, kv};
use crate::model::Timestamp;

/// The most of each kind that one change removes, so that no commit takes long.
pub(super) const MOST: i64 = 5_000;

/// Whoever is there gives a delivery up when its time is over; who has not done so a day later is not there.
const STRANDED: Duration = Duration::from_secs(86_400);

/// Gives up what is stranded; removes ended executions, done deliveries, events, message keys, slots and audit records older than the limits, and
/// what people set that is over.
pub(super) fn trim(
    scribe: &mut Scribe<'_>,
    history_before: Timestamp,
    audit_before: Timestamp,
    at: Timestamp,
) -> Result<Done, StoreError> {
    let stranded = end_stranded(scribe, at)?;
    let executions = trim_executions(scribe, history_before)?;
    let deliveries = trim_deliveries(scribe, history_before)?;
    let events = trim_events(scribe, history_before, at)?;
    let settings = trim_settings(scribe, history_before)?;
    let pairs = kv::forget(scribe, at)? as u64;
    let choices = choice::trim(scribe, at)?;
    let mut body = object([
        ("stranded", json!(stranded)),
        ("executions", json!(executions)),
        ("deliveries", json!(deliveries)),
        ("events", json!(events)),
        ("settings", json!(settings)),
        ("pairs", json!(pairs)),
        ("choices", json!(choices)),
    ]);
    let mut records = 0;
    if let Some((count, last, mac)) = Chain::cut(scribe.connection, audit_before, MOST)? {
        records = u64::try_from(count).unwrap_or(0);
        // Verification starts from these two; docs/audit.md names them.
        body.extend(object([("records", json!(count)), ("last_seq", json!(last)), ("mac", json!(mac))]));
    }
    let removed = stranded + executions + deliveries + events + settings + pairs + choices + records;
    if removed > 0 {
        let subject = Some("retention".to_owned());
        scribe.audit(&Entry { at, what: What::Trimmed, person: None, place: None, subject, body })?;
    }
    Ok(Done::Trimmed(removed))
}

fn trim_executions(scribe: &Scribe<'_>, before: Timestamp) -> Result<u64, StoreError> {
    let seen = "DELETE FROM seen WHERE key IN (SELECT key FROM seen WHERE at < ?1 ORDER BY at LIMIT ?2)";
    scribe.run(seen, params![before.as_micros(), MOST])?;
    let old = ids(scribe, "SELECT id FROM execution WHERE ended < ?1 ORDER BY ended LIMIT ?2", before)?;
    for id in &old {
        scribe.run("DELETE FROM execution_result WHERE execution = ?1", [id])?;
        scribe.run("DELETE FROM request WHERE execution = ?1", [id])?;
        scribe.run("DELETE FROM vote WHERE execution = ?1", [id])?;
        scribe.run("DELETE FROM flow WHERE execution = ?1", [id])?;
        scribe.run("DELETE FROM execution WHERE id = ?1", [id])?;
    }
    Ok(old.len() as u64)
}

/// What nobody took long after it was to be given up, because its notifier or adapter is gone, is dead.
fn end_stranded(scribe: &mut Scribe<'_>, now: Timestamp) -> Result<u64, StoreError> {
    let sql = "SELECT id, notifier, target, lane FROM delivery WHERE done IS NULL AND expires < ?1 LIMIT ?2";
    let left = scribe.slots(sql, params![now.minus(STRANDED).as_micros(), MOST])?;
    for (id, slot) in &left {
        scribe.end_unsent(
            *id,
            slot,
            "dead",
            "nobody took it in time: its notifier or adapter is gone",
            now,
        )?;
    }
    Ok(left.len() as u64)
}

/// A slot goes only when nothing in its lane waits for it.
fn trim_deliveries(scribe: &Scribe<'_>, before: Timestamp) -> Result<u64, StoreError> {
    let slots = "DELETE FROM slot WHERE (notifier, target, lane) IN (
                   SELECT notifier, target, lane FROM slot AS old WHERE at < ?1 AND NOT EXISTS (
                     SELECT 1 FROM delivery AS waiting
                     WHERE waiting.notifier = old.notifier AND waiting.target = old.target
                     AND waiting.lane = old.lane AND waiting.done IS NULL)
                   ORDER BY at LIMIT ?2)";
    scribe.run(slots, params![before.as_micros(), MOST])?;
    let old = ids(scribe, "SELECT id FROM delivery WHERE done < ?1 ORDER BY done LIMIT ?2", before)?;
    for id in &old {
        scribe.remove_delivery(*id)?;
    }
    Ok(old.len() as u64)
}

/// An event stays while a delivery that is kept tells of it. A subject goes with its last event, unless the bot is to
/// look at it again.
fn trim_events(scribe: &Scribe<'_>, before: Timestamp, now: Timestamp) -> Result<u64, StoreError> {
    let keys =
        "DELETE FROM event_key WHERE key IN (SELECT key FROM event_key WHERE at < ?1 ORDER BY at LIMIT ?2)";
    scribe.run(keys, params![now.minus(accept::KEYS_LAST).as_micros(), 4 * MOST])?;
    let sql = "SELECT id FROM event WHERE at < ?1
               AND NOT EXISTS (SELECT 1 FROM delivery WHERE delivery.event = event.id)
               AND NOT EXISTS (SELECT 1 FROM delivery_member AS member WHERE member.event = event.id)
               AND NOT EXISTS (SELECT 1 FROM gathered WHERE gathered.event = event.id)
               ORDER BY at LIMIT ?2";
    let old = ids(scribe, sql, before)?;
    for id in &old {
        let subject = "DELETE FROM subject WHERE key = (SELECT subject FROM event WHERE id = ?1)
                       AND at < ?2 AND overdue IS NULL";
        scribe.run(subject, params![id, before.as_micros()])?;
        scribe.run("DELETE FROM event WHERE id = ?1", [id])?;
    }
    Ok(old.len() as u64)
}

/// Silences that ended, tokens that were revoked, what topics remember of things that nobody tells of any more.
fn trim_settings(scribe: &Scribe<'_>, before: Timestamp) -> Result<u64, StoreError> {
    let before = [before.as_micros()];
    let silences = scribe.run("DELETE FROM silence WHERE ends < ?1", before)?;
    let sql = "DELETE FROM topic_event WHERE (topic, id) IN
               (SELECT topic, id FROM topic_event WHERE at < ?1 ORDER BY at LIMIT ?2)";
    let things = scribe.run(sql, [before[0], MOST])?;
    let grants = scribe.run("DELETE FROM time_grant WHERE ends < ?1", before)?;
    Ok((things + silences + grants + scribe.run("DELETE FROM token WHERE revoked < ?1", before)?) as u64)
}

/// At most [`MOST`] ids of what is old.
fn ids(scribe: &Scribe<'_>, sql: &str, before: Timestamp) -> Result<Vec<i64>, StoreError> {
    let mut statement = scribe.connection.prepare_cached(sql)?;
    let found = statement.query_map(params![before.as_micros(), MOST], |row| row.get(0))?;
    Ok(found.collect::<Result<_, _>>()?)
}
