//! What is to happen later: made, changed, and claimed when its time comes.

use rusqlite::params;

use super::StoreError;
use super::apply::Scribe;
use super::change::{Done, Due, NewSchedule, Next, RoomDefault};
use crate::model::{Schedule, Timestamp};

/// Who waits for schedules is woken by this name.
pub(super) const BELL: &str = "schedules";

/// Whose the sealed line of a schedule is.
pub(super) fn owner(id: i64) -> String {
    format!("schedule/{id}")
}

/// Keeps a new one, unless its owner has as many as allowed.
pub(super) fn make(scribe: &mut Scribe<'_>, new: &NewSchedule) -> Result<usize, StoreError> {
    let NewSchedule { schedule, line, most } = new;
    let person = schedule.owner.to_string();
    let sql = "SELECT count(*) FROM schedule WHERE owner = ?1";
    let own: i64 = scribe.connection.prepare_cached(sql)?.query_row([&person], |row| row.get(0))?;
    if usize::try_from(own).unwrap_or(usize::MAX) >= *most {
        return Err(StoreError::Conflict(format!(
            "you have {own} schedules already, the most for one person"
        )));
    }
    let sealed = line.as_ref().map(|line| scribe.keys.seal(&owner(schedule.id), line.as_bytes()));
    let sql = "INSERT INTO schedule (id, owner, due, body, sealed) VALUES (?1, ?2, ?3, ?4, ?5)";
    let due = schedule.due.map(Timestamp::as_micros);
    scribe.touch(BELL);
    scribe.run(sql, params![schedule.id, person, due, serde_json::to_string(schedule)?, sealed])
}

/// Keeps what changed of one: its next time, when it was due last.
pub(super) fn change(scribe: &mut Scribe<'_>, schedule: &Schedule) -> Result<usize, StoreError> {
    let due = schedule.due.map(Timestamp::as_micros);
    scribe.touch(BELL);
    let sql = "UPDATE schedule SET due = ?2, body = ?3 WHERE id = ?1";
    scribe.run(sql, params![schedule.id, due, serde_json::to_string(schedule)?])
}

/// Removes one.
pub(super) fn remove(scribe: &Scribe<'_>, id: i64) -> Result<usize, StoreError> {
    scribe.run("DELETE FROM schedule WHERE id = ?1", [id])
}

/// Keeps what a room fills in.
pub(super) fn set_default(scribe: &Scribe<'_>, new: &RoomDefault) -> Result<usize, StoreError> {
    let sql = "INSERT INTO room_default (adapter, room, name, value, who, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
               ON CONFLICT (adapter, room, name) DO UPDATE SET value = excluded.value, who = excluded.who, at = excluded.at";
    let RoomDefault { adapter, room, name, value, who, at } = new;
    scribe.run(sql, params![adapter, room, name, value, who, at.as_micros()])
}

/// Claims what is due: whoever comes second, or after it was changed, gets [`Done::Stale`].
pub(super) fn due(scribe: &mut Scribe<'_>, claim: &Due) -> Result<Done, StoreError> {
    let Due { before, next, delivery, audit } = claim;
    let due = before.due.map(Timestamp::as_micros);
    let after = |due, rests| Schedule { due, last: before.due, rests, ..before.clone() };
    let after = match next {
        Next::At(next) => Some(after(Some(*next), None)),
        Next::Rests(why) => Some(after(None, Some(why.clone()))),
        Next::Never => None,
    };
    let claimed = match after {
        Some(after) => {
            let sql = "UPDATE schedule SET due = ?3, body = ?4 WHERE id = ?1 AND due = ?2";
            let next = after.due.map(Timestamp::as_micros);
            scribe.run(sql, params![before.id, due, next, serde_json::to_string(&after)?])?
        }
        None => scribe.run("DELETE FROM schedule WHERE id = ?1 AND due = ?2", params![before.id, due])?,
    };
    if claimed == 0 {
        return Ok(Done::Stale);
    }
    if let Some(delivery) = delivery {
        scribe.deliver(delivery)?;
    }
    scribe.audit(audit)?;
    Ok(Done::Written)
}
