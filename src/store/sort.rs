//! What people decide about deliveries: again, away, never mind.

use rusqlite::types::Value;
use rusqlite::{params, params_from_iter};

use super::StoreError;
use super::apply::Scribe;
use super::change::{Done, Entry, Fate, Pick};
use crate::model::{Slot, Timestamp};

/// The most deliveries that one change sorts, so that no commit takes long; the oldest first. Whoever asked for more
/// asks again until fewer were sorted.
pub(super) const MOST: usize = 10_000;

/// Carries it out and leaves the audit record.
pub(super) fn sort(
    scribe: &mut Scribe<'_>,
    pick: &Pick,
    fate: Fate,
    at: Timestamp,
    audit: &Entry,
) -> Result<Done, StoreError> {
    let states: &[&str] = match fate {
        Fate::Replay { .. } | Fate::Purge => &["dead", "dropped"],
        Fate::Cancel => &["due", "held"],
    };
    let picked = picked(scribe, pick, states)?;
    for (id, slot) in &picked {
        match fate {
            Fate::Replay { expires } => replay(scribe, *id, slot, at, expires)?,
            Fate::Purge => scribe.remove_delivery(*id)?,
            Fate::Cancel => scribe.end_unsent(*id, slot, "dropped", "canceled", at)?,
        }
    }
    scribe.audit(audit)?;
    Ok(Done::Sorted(picked.len() as u64))
}

/// One query a state, so that each has its index.
fn picked(scribe: &Scribe<'_>, pick: &Pick, states: &[&str]) -> Result<Vec<(i64, Slot)>, StoreError> {
    let mut found = Vec::new();
    for state in states {
        let (rest, values) = conditions(pick);
        let open = if matches!(*state, "due" | "held") { " AND done IS NULL" } else { "" };
        let sql = format!(
            "SELECT id, notifier, target, lane FROM delivery WHERE state = '{state}'{open}{rest} ORDER BY id LIMIT {MOST}"
        );
        found.extend(scribe.slots(&sql, params_from_iter(values))?);
    }
    found.sort_unstable_by_key(|(id, _)| *id);
    found.truncate(MOST);
    Ok(found)
}

fn conditions(pick: &Pick) -> (String, Vec<Value>) {
    let (mut sql, mut values) = (String::new(), Vec::new());
    if !pick.ids.is_empty() {
        let ids: Vec<_> = pick.ids.iter().map(i64::to_string).collect();
        sql.push_str(&format!(" AND id IN ({})", ids.join(", ")));
    }
    if let Some(notifier) = &pick.notifier {
        sql.push_str(" AND notifier = ?");
        values.push(Value::Text(notifier.clone()));
    }
    for (condition, time) in [(" AND made >= ?", pick.since), (" AND made < ?", pick.before)] {
        if let Some(time) = time {
            sql.push_str(condition);
            values.push(Value::Integer(time.as_micros()));
        }
    }
    (sql, values)
}

/// At the end of its lane, as if it had never been tried; its attempts stay.
fn replay(
    scribe: &mut Scribe<'_>,
    id: i64,
    slot: &Slot,
    at: Timestamp,
    expires: Timestamp,
) -> Result<(), StoreError> {
    scribe.free_held(slot, at)?;
    let sql = "UPDATE delivery SET state = 'due', due = ?2, expires = ?3, tries = 0, answer = NULL, done = NULL,
               gather = 0, (seq, head) = (SELECT coalesce(max(seq), 0) + 1, max(seq) IS NULL FROM delivery AS other
                 WHERE other.notifier = ?4 AND other.target = ?5 AND other.lane = ?6 AND other.done IS NULL)
               WHERE id = ?1";
    let Slot { notifier, target, lane } = slot;
    scribe.run(sql, params![id, at.as_micros(), expires.as_micros(), notifier, target, lane])?;
    scribe.touch(notifier);
    Ok(())
}
