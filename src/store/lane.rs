//! Lanes: the ordered queues that deliveries wait in. The first of a lane that is not done is its head; only a head
//! is sent, so only heads are looked for.

use rusqlite::{OptionalExtension, Params, params};

use super::apply::Scribe;
use super::change::{NewDelivery, Sending};
use super::{StoreError, choice};
use crate::model::{Slot, Timestamp};

/// The most events that one delivery gathers; the next one begins another delivery. So that what is rendered has a size.
const MOST_GATHERED: i64 = 1_000;

/// A delivery to be appended to its lane.
struct Row<'a> {
    id: i64,
    slot: &'a Slot,
    event: Option<i64>,
    execution: Option<i64>,
    purpose: &'a str,
    body: &'a serde_json::Value,
    state: &'a str,
    due: Timestamp,
    expires: Timestamp,
    made: Timestamp,
    gather: bool,
}

impl Scribe<'_> {
    /// Appends a message to its lane.
    pub(super) fn deliver(&mut self, delivery: &NewDelivery) -> Result<(), StoreError> {
        let made = self.now;
        let NewDelivery { id, slot, execution, purpose, body, offer, due, expires } = delivery;
        if let Some(offer) = offer {
            choice::offer(self, offer)?;
        }
        self.append(&Row {
            id: *id,
            slot,
            event: None,
            execution: *execution,
            purpose,
            body,
            state: "due",
            due: *due,
            expires: *expires,
            made,
            gather: false,
        })
    }

    /// Appends a delivery of `event` to its lane, or the event to a delivery there that gathers, or keeps what is not
    /// sent for the history. Tells whether anything waits.
    pub(super) fn send(&mut self, event: i64, at: Timestamp, sending: &Sending) -> Result<bool, StoreError> {
        if let Some(why) = &sending.dropped {
            self.dropped(event, at, sending, why)?;
            return Ok(false);
        }
        if sending.gather && self.gather(&sending.slot, event)? {
            return Ok(true);
        }
        let Sending { slot, purpose, body, due, expires, gather, dropped: _ } = sending;
        let row = Row {
            id: self.ids.take(crate::model::Noun::Delivery).0,
            slot,
            event: Some(event),
            execution: None,
            purpose,
            body,
            state: if *due > at { "held" } else { "due" },
            due: *due,
            expires: *expires,
            made: at,
            gather: *gather,
        };
        self.append(&row)?;
        Ok(true)
    }

    fn append(&mut self, row: &Row<'_>) -> Result<(), StoreError> {
        let Slot { notifier, target, lane } = row.slot;
        let last = self.last(row.slot)?;
        if row.state == "due" && last.is_some() {
            self.free_held(row.slot, row.due)?;
        }
        let sql = "INSERT INTO delivery (id, notifier, target, lane, seq, head, event, execution, purpose, body, state,
                   due, expires, made, gather)
                   VALUES (?1, ?2, ?3, ?4, ?14, ?15, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
        let body = serde_json::to_string(row.body)?;
        let (due, expires) = (row.due.as_micros(), row.expires.as_micros());
        let (made, gather) = (row.made.as_micros(), row.gather);
        self.run(
            sql,
            params![
                row.id,
                notifier,
                target,
                lane,
                row.event,
                row.execution,
                row.purpose,
                body,
                row.state,
                due,
                expires,
                made,
                gather,
                last.unwrap_or(0) + 1,
                last.is_none(),
            ],
        )?;
        self.touch(notifier);
        Ok(())
    }

    /// The number of the last one in a lane that is not done.
    fn last(&self, slot: &Slot) -> Result<Option<i64>, StoreError> {
        let sql = "SELECT max(seq) FROM delivery WHERE notifier = ?1 AND target = ?2 AND lane = ?3 AND done IS NULL";
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.query_row([&slot.notifier, &slot.target, &slot.lane], |row| row.get(0))?)
    }

    fn dropped(&self, event: i64, at: Timestamp, sending: &Sending, why: &str) -> Result<(), StoreError> {
        let sql = "INSERT INTO delivery (id, notifier, target, lane, seq, event, purpose, body, state, due, expires,
                   made, answer, done)
                   VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6, ?7, 'dropped', ?8, ?9, ?10, ?11, ?10)";
        let Slot { notifier, target, lane } = &sending.slot;
        let id = self.ids.take(crate::model::Noun::Delivery).0;
        let body = serde_json::to_string(&sending.body)?;
        let (due, expires, at) = (sending.due.as_micros(), sending.expires.as_micros(), at.as_micros());
        self.run(
            sql,
            params![id, notifier, target, lane, event, sending.purpose, body, due, expires, at, why],
        )?;
        Ok(())
    }

    /// Adds `event` to the newest delivery of the slot that gathers, if there is one with room.
    fn gather(&self, slot: &Slot, event: i64) -> Result<bool, StoreError> {
        let sql =
            "SELECT id FROM delivery WHERE notifier = ?1 AND target = ?2 AND lane = ?3 AND state = 'held'
                   AND gather BETWEEN 1 AND ?4 ORDER BY seq DESC LIMIT 1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let values = params![slot.notifier, slot.target, slot.lane, MOST_GATHERED - 1];
        let found: Option<i64> = statement.query_row(values, |row| row.get(0)).optional()?;
        let Some(delivery) = found else { return Ok(false) };
        self.run("INSERT INTO delivery_member (delivery, event) VALUES (?1, ?2)", [delivery, event])?;
        self.run("UPDATE delivery SET gather = gather + 1 WHERE id = ?1", [delivery])?;
        Ok(true)
    }

    /// Makes all that is held in a lane due, for what must not wait behind it.
    pub(super) fn free_held(&self, slot: &Slot, due: Timestamp) -> Result<(), StoreError> {
        let sql = "UPDATE delivery SET state = 'due', due = min(due, ?4)
                   WHERE notifier = ?1 AND target = ?2 AND lane = ?3 AND state = 'held'";
        self.run(sql, params![slot.notifier, slot.target, slot.lane, due.as_micros()])?;
        Ok(())
    }

    /// After one of the lane is done: the first of what is left is the head. Whether anything is left.
    pub(super) fn advance(&self, slot: &Slot) -> Result<bool, StoreError> {
        let sql =
            "SELECT id, head FROM delivery WHERE notifier = ?1 AND target = ?2 AND lane = ?3 AND done IS NULL
                   ORDER BY seq LIMIT 1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let values = [&slot.notifier, &slot.target, &slot.lane];
        let first: Option<(i64, bool)> =
            statement.query_row(values, |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        if let Some((id, false)) = first {
            self.run("UPDATE delivery SET head = 1 WHERE id = ?1", [id])?;
        }
        Ok(first.is_some())
    }

    /// Deliveries with where they wait: `sql` gives id, notifier, target, lane.
    pub(super) fn slots(&self, sql: &str, values: impl Params) -> Result<Vec<(i64, Slot)>, StoreError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map(values, |row| {
            Ok((row.get(0)?, Slot { notifier: row.get(1)?, target: row.get(2)?, lane: row.get(3)? }))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// What waits is done without being sent: it is `dropped` or `dead`, and why.
    pub(super) fn end_unsent(
        &mut self,
        id: i64,
        slot: &Slot,
        state: &str,
        why: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE delivery SET state = ?2, head = 0, answer = ?3, done = ?4 WHERE id = ?1";
        self.run(sql, params![id, state, why, at.as_micros()])?;
        self.advance(slot)?;
        self.touch(&slot.notifier);
        Ok(())
    }

    /// Removes a delivery that is done, with its attempts.
    pub(super) fn remove_delivery(&self, id: i64) -> Result<(), StoreError> {
        self.run("DELETE FROM attempt WHERE delivery = ?1", [id])?;
        self.run("DELETE FROM delivery_member WHERE delivery = ?1", [id])?;
        self.run("DELETE FROM delivery WHERE id = ?1", [id])?;
        Ok(())
    }

    /// Whoever waits for a bell, or sends for a notifier, looks again after the commit.
    pub(super) fn touch(&mut self, bell: &str) {
        if !self.touched.iter().any(|touched| touched == bell) {
            self.touched.push(bell.to_owned());
        }
    }
}
