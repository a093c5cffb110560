//! Events that somebody is to look at once they are committed, and messages that go out unless somebody takes care.

use rusqlite::{Connection, params};

use super::StoreError;
use super::apply::Scribe;
use super::change::Done;
use crate::model::{Slot, Subject, Timestamp};

/// Who waits for fresh events is woken by this name.
pub(super) const BELL: &str = "events";

/// What deliveries are for that go out unless somebody takes care of their subject.
pub const ESCALATION: &str = "escalation";

/// An event is fresh.
pub(super) fn note(scribe: &mut Scribe<'_>, event: i64) -> Result<(), StoreError> {
    scribe.touch(BELL);
    scribe.run(
        "INSERT INTO fresh_event (seq, event) SELECT coalesce(max(seq), 0) + 1, ?1 FROM fresh_event",
        [event],
    )?;
    Ok(())
}

/// Events up to a number were looked at.
pub(super) fn looked(scribe: &Scribe<'_>, upto: i64) -> Result<Done, StoreError> {
    let gone = scribe.run("DELETE FROM fresh_event WHERE seq <= ?1", [upto])?;
    Ok(if gone == 0 { Done::Stale } else { Done::Written })
}

/// What waits to tell others of a subject is not sent.
pub(super) fn calm(
    scribe: &mut Scribe<'_>,
    subject: &str,
    at: Timestamp,
    why: &str,
) -> Result<(), StoreError> {
    let sql =
        "SELECT delivery.id, notifier, target, lane FROM delivery JOIN event ON event.id = delivery.event
               WHERE delivery.state = 'held' AND purpose = 'escalation' AND event.subject = ?1";
    for (id, slot) in scribe.slots(sql, [subject])? {
        scribe.end_unsent(id, &slot, "dropped", why, at)?;
    }
    Ok(())
}

/// The slots where others were told of a subject since it began to fail.
pub(super) fn escalated(connection: &Connection, subject: &Subject) -> Result<Vec<Slot>, StoreError> {
    let sql = "SELECT DISTINCT notifier, target, lane FROM delivery JOIN event ON event.id = delivery.event
               WHERE delivery.state IN ('sent', 'due') AND purpose = 'escalation' AND event.subject = ?1
               AND event.at >= ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement.query_map(params![subject.key, subject.since.as_micros()], |row| {
        Ok(Slot { notifier: row.get(0)?, target: row.get(1)?, lane: row.get(2)? })
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}
