//! Retention: what is older goes, and the audit chain keeps a record of it.

use serde_json::json;

use super::apply::{Scribe, object};
use super::audit::Chain;
use super::change::{Done, Entry, What};
use super::{StoreError, accept};
use crate::model::Timestamp;

/// Removes ended executions, done deliveries, events, message keys, slots and audit records older than the limits, and
/// what people set that is over.
pub(super) fn trim(
    scribe: &mut Scribe<'_>,
    history_before: Timestamp,
    audit_before: Timestamp,
    at: Timestamp,
) -> Result<Done, StoreError> {
    let executions = trim_executions(scribe, history_before)?;
    let deliveries = trim_deliveries(scribe, history_before)?;
    let events = trim_events(scribe, history_before, at)?;
    let settings = trim_settings(scribe, history_before)?;
    let mut body = object([
        ("executions", json!(executions)),
        ("deliveries", json!(deliveries)),
        ("events", json!(events)),
        ("settings", json!(settings)),
    ]);
    let mut records = 0;
    if let Some((count, last, mac)) = Chain::cut(scribe.connection, audit_before)? {
        records = u64::try_from(count).unwrap_or(0);
        // Verification starts from these two; docs/audit.md names them.
        body.extend(object([("records", json!(count)), ("last_seq", json!(last)), ("mac", json!(mac))]));
    }
    let removed = executions + deliveries + events + settings + records;
    if removed > 0 {
        let subject = Some("retention".to_owned());
        scribe.audit(&Entry { at, what: What::Trimmed, person: None, place: None, subject, body })?;
    }
    Ok(Done::Trimmed(removed))
}

fn trim_executions(scribe: &Scribe<'_>, before: Timestamp) -> Result<u64, StoreError> {
    let before = [before.as_micros()];
    let results =
        "DELETE FROM execution_result WHERE execution IN (SELECT id FROM execution WHERE ended < ?1)";
    scribe.run(results, before)?;
    scribe.run("DELETE FROM seen WHERE at < ?1", before)?;
    Ok(scribe.run("DELETE FROM execution WHERE ended < ?1", before)? as u64)
}

/// A slot goes only when nothing in its lane waits for it.
fn trim_deliveries(scribe: &Scribe<'_>, before: Timestamp) -> Result<u64, StoreError> {
    let before = [before.as_micros()];
    let attempts = "DELETE FROM attempt WHERE delivery IN (SELECT id FROM delivery WHERE done < ?1)";
    scribe.run(attempts, before)?;
    let members = "DELETE FROM delivery_member WHERE delivery IN (SELECT id FROM delivery WHERE done < ?1)";
    scribe.run(members, before)?;
    let slots = "DELETE FROM slot WHERE at < ?1 AND NOT EXISTS (SELECT 1 FROM delivery AS waiting
                 WHERE waiting.notifier = slot.notifier AND waiting.target = slot.target
                 AND waiting.lane = slot.lane AND waiting.done IS NULL)";
    scribe.run(slots, before)?;
    Ok(scribe.run("DELETE FROM delivery WHERE done < ?1", before)? as u64)
}

/// An event stays while a delivery that is kept tells of it. A subject goes with its last event, unless the bot is to
/// look at it again.
fn trim_events(scribe: &Scribe<'_>, before: Timestamp, now: Timestamp) -> Result<u64, StoreError> {
    let last = i64::try_from(accept::KEYS_LAST.as_micros()).unwrap_or(i64::MAX);
    scribe.run("DELETE FROM event_key WHERE at < ?1", [now.as_micros().saturating_sub(last)])?;
    let before = [before.as_micros()];
    let subjects = "DELETE FROM subject WHERE at < ?1 AND overdue IS NULL
                    AND key IN (SELECT subject FROM event WHERE at < ?1)";
    scribe.run(subjects, before)?;
    let events = "DELETE FROM event WHERE at < ?1
                  AND NOT EXISTS (SELECT 1 FROM delivery WHERE delivery.event = event.id)
                  AND NOT EXISTS (SELECT 1 FROM delivery_member AS member WHERE member.event = event.id)";
    Ok(scribe.run(events, before)? as u64)
}

/// Silences that ended, tokens that were revoked.
fn trim_settings(scribe: &Scribe<'_>, before: Timestamp) -> Result<u64, StoreError> {
    let before = [before.as_micros()];
    let silences = scribe.run("DELETE FROM silence WHERE ends < ?1", before)?;
    Ok((silences + scribe.run("DELETE FROM token WHERE revoked < ?1", before)?) as u64)
}
