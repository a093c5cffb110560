//! Each change as SQL, inside the writer's transaction.

use rusqlite::{Connection, OptionalExtension, params};
use serde_json::{Map, Value, json};

use super::audit::{self, Head};
use super::change::{Begin, Change, Done, Entry, Finish, NewDelivery, Notice, Settled, What};
use super::{Keys, StoreError, reader};
use crate::model::{Execution, SendError, Status, Timestamp};
use crate::net::World;

/// What the writer carries from change to change.
pub(super) struct Context<'a> {
    pub(super) connection: &'a Connection,
    pub(super) keys: &'a Keys,
    pub(super) world: &'a World,
    pub(super) worker: i64,
    pub(super) head: &'a mut Head,
}

impl Context<'_> {
    /// Carries out one change.
    pub(super) fn apply(&mut self, change: &Change) -> Result<Done, StoreError> {
        match change {
            Change::Begin(begin) => self.begin(begin),
            Change::Start { execution, at } => self.start(*execution, *at),
            Change::Finish(finish) => self.finish(finish),
            Change::Deliver(delivery) => self.deliver(delivery).map(|()| Done::Written),
            Change::Note { slot, handle } => {
                let mut upsert = self.connection.prepare_cached(
                    "INSERT OR REPLACE INTO slot (notifier, target, lane, handle, at) VALUES (?1, ?2, ?3, ?4, ?5)",
                )?;
                let at = self.world.now().as_micros();
                upsert.execute(params![slot.notifier, slot.target, slot.lane, handle.0, at])?;
                Ok(Done::Written)
            }
            Change::Settle(settled) => self.settle(settled),
            Change::Audit(entry) => self.audit(entry).map(|()| Done::Written),
            Change::Position { adapter, room, mark } => {
                self.position(adapter.as_str(), room, mark).map(|()| Done::Written)
            }
            Change::Recover { at, notice } => self.recover(*at, notice),
            Change::Trim { history_before, audit_before, at } => self.trim(*history_before, *audit_before, *at),
        }
    }

    fn audit(&mut self, entry: &Entry) -> Result<(), StoreError> {
        audit::append(self.connection, self.keys, self.head, entry)
    }

    fn position(&self, adapter: &str, room: &str, mark: &str) -> Result<(), StoreError> {
        let sql = "INSERT OR REPLACE INTO position (adapter, room, mark) VALUES (?1, ?2, ?3)";
        self.connection.prepare_cached(sql)?.execute((adapter, room, mark))?;
        Ok(())
    }

    fn begin(&mut self, begin: &Begin) -> Result<Done, StoreError> {
        let execution = &begin.execution;
        if let Some(key) = &begin.key {
            let key_text = key.to_string();
            let seen = "SELECT execution FROM seen WHERE key = ?1";
            let first: Option<i64> =
                self.connection.prepare_cached(seen)?.query_row([&key_text], |row| row.get(0)).optional()?;
            if let Some(first) = first {
                return Ok(Done::Repeated(first));
            }
            let insert = "INSERT INTO seen (key, execution, at) VALUES (?1, ?2, ?3)";
            let at = execution.asked.as_micros();
            self.connection.prepare_cached(insert)?.execute((key_text, execution.id, at))?;
            if let Some(mark) = &begin.position {
                self.position(key.adapter.as_str(), &key.room, mark)?;
            }
        }
        let sealed = (!begin.secrets.is_empty()).then(|| {
            self.keys.seal(execution.id, &json!(begin.secrets).to_string(), self.world)
        });
        self.insert_execution(execution, sealed)?;
        self.audit(&begin.audit)?;
        Ok(Done::Written)
    }

    fn insert_execution(&self, execution: &Execution, sealed: Option<String>) -> Result<(), StoreError> {
        let place = execution.place.as_ref().map(|place| json!(place).to_string());
        let room = execution.place.as_ref().map(ToString::to_string);
        let mut insert = self.connection.prepare_cached(
            "INSERT INTO execution (id, worker, cause, rerun_of, person, person_name, place, room, alias, command, \
             action, runner, definition, parameters, sealed, status, asked) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
        )?;
        insert.execute(params![
            execution.id,
            self.worker,
            execution.cause.as_str(),
            execution.rerun_of,
            execution.person.to_string(),
            execution.person_name,
            place,
            room,
            execution.alias,
            execution.command,
            execution.action,
            execution.runner,
            execution.definition,
            json!(execution.parameters).to_string(),
            sealed,
            execution.status.as_str(),
            execution.asked.as_micros(),
        ])?;
        Ok(())
    }

    fn start(&self, execution: i64, at: Timestamp) -> Result<Done, StoreError> {
        let sql = "UPDATE execution SET status = ?2, started = ?3 WHERE id = ?1 AND ended IS NULL";
        let changed = self.connection.prepare_cached(sql)?.execute((
            execution,
            Status::Running.as_str(),
            at.as_micros(),
        ))?;
        Ok(if changed == 0 { Done::Stale } else { Done::Written })
    }

    fn finish(&mut self, finish: &Finish) -> Result<Done, StoreError> {
        if !self.end(finish.execution, finish.status, finish.why.as_deref(), finish.at)? {
            return Ok(Done::Stale);
        }
        let result = "INSERT OR REPLACE INTO execution_result (execution, body, seen_bytes) VALUES (?1, ?2, ?3)";
        let seen = i64::try_from(finish.seen_bytes).unwrap_or(i64::MAX);
        self.connection.prepare_cached(result)?.execute((finish.execution, finish.result.to_string(), seen))?;
        if let Some(delivery) = &finish.delivery {
            self.deliver(delivery)?;
        }
        self.audit(&finish.audit)?;
        Ok(Done::Written)
    }

    fn end(&self, id: i64, status: Status, why: Option<&str>, at: Timestamp) -> Result<bool, StoreError> {
        let sql = "UPDATE execution SET status = ?2, why = ?3, ended = ?4 WHERE id = ?1 AND ended IS NULL";
        let changed = self.connection.prepare_cached(sql)?.execute((id, status.as_str(), why, at.as_micros()))?;
        Ok(changed > 0)
    }

    fn deliver(&self, delivery: &NewDelivery) -> Result<(), StoreError> {
        let mut insert = self.connection.prepare_cached(
            "INSERT INTO delivery (id, notifier, target, lane, execution, purpose, body, state, due, expires) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'due', ?8, ?9)",
        )?;
        let slot = &delivery.slot;
        insert.execute(params![
            delivery.id,
            slot.notifier,
            slot.target,
            slot.lane,
            delivery.execution,
            delivery.purpose,
            delivery.body.to_string(),
            delivery.due.as_micros(),
            delivery.expires.as_micros(),
        ])?;
        Ok(())
    }

    fn settle(&self, settled: &Settled) -> Result<Done, StoreError> {
        let (outcome, answer) = match &settled.outcome {
            Ok(receipt) => ("sent", receipt.answer.clone()),
            Err(error @ SendError::Retry { .. }) => ("retry", error.to_string()),
            Err(error @ SendError::Refused { .. }) => ("refused", error.to_string()),
            Err(error @ SendError::Gone { .. }) => ("gone", error.to_string()),
        };
        let (state, done, due) = match (&settled.outcome, settled.again) {
            (Ok(_), _) => ("sent", Some(settled.at.as_micros()), None),
            (Err(_), Some(again)) => ("due", None, Some(again.as_micros())),
            (Err(_), None) => ("dead", Some(settled.at.as_micros()), None),
        };
        let update = "UPDATE delivery SET state = ?2, tries = tries + 1, answer = ?3, done = ?4, due = coalesce(?5, due) \
                      WHERE id = ?1 AND done IS NULL";
        let changed =
            self.connection.prepare_cached(update)?.execute(params![settled.delivery, state, answer, done, due])?;
        if changed == 0 {
            return Ok(Done::Stale);
        }
        let attempt = "INSERT INTO attempt (delivery, n, at, ms, outcome, answer) \
                       VALUES (?1, (SELECT tries FROM delivery WHERE id = ?1), ?2, ?3, ?4, ?5)";
        let millis = i64::try_from(settled.millis).unwrap_or(i64::MAX);
        self.connection.prepare_cached(attempt)?.execute(params![
            settled.delivery,
            settled.at.as_micros(),
            millis,
            outcome,
            answer
        ])?;
        Ok(Done::Written)
    }

    fn recover(&mut self, at: Timestamp, notice: &Notice) -> Result<Done, StoreError> {
        let open = reader::open_before(self.connection, self.worker)?;
        let mut ids = Vec::with_capacity(open.len());
        for execution in open {
            let why = "the bot stopped while it ran";
            self.end(execution.id, Status::Abandoned, Some(why), at)?;
            if let Some(delivery) = notice(&execution) {
                self.deliver(&delivery)?;
            }
            let mut body = Map::new();
            body.insert("action".to_owned(), json!(execution.action));
            body.insert("status".to_owned(), json!(Status::Abandoned));
            body.insert("why".to_owned(), json!(why));
            self.audit(&Entry {
                at,
                what: What::Finished,
                person: Some(execution.person.clone()),
                place: execution.place.clone(),
                subject: Some(format!("execution/{}", execution.id)),
                body,
            })?;
            ids.push(execution.id);
        }
        Ok(Done::Recovered(ids))
    }

    fn trim(&mut self, history: Timestamp, audit: Timestamp, at: Timestamp) -> Result<Done, StoreError> {
        let before = history.as_micros();
        let mut removed = 0;
        for sql in [
            "DELETE FROM execution_result WHERE execution IN (SELECT id FROM execution WHERE ended < ?1)",
            "DELETE FROM execution WHERE ended < ?1",
            "DELETE FROM attempt WHERE delivery IN (SELECT id FROM delivery WHERE done < ?1)",
            "DELETE FROM delivery WHERE done < ?1",
            "DELETE FROM seen WHERE at < ?1",
            "DELETE FROM slot WHERE at < ?1",
        ] {
            removed += self.connection.execute(sql, [before])?;
        }
        removed += self.trim_audit(audit, at)?;
        Ok(Done::Trimmed(u64::try_from(removed).unwrap_or(u64::MAX)))
    }

    /// Removes the first records of the strand and writes down where it was cut.
    fn trim_audit(&mut self, before: Timestamp, at: Timestamp) -> Result<usize, StoreError> {
        let strand = self.head.strand;
        // Records stand in the order of their numbers, so the cut is before the first one that stays.
        let last = "SELECT seq, mac FROM audit WHERE strand = ?1 AND seq < coalesce( \
                    (SELECT min(seq) FROM audit WHERE strand = ?1 AND at >= ?2), \
                    (SELECT max(seq) + 1 FROM audit WHERE strand = ?1)) ORDER BY seq DESC LIMIT 1";
        let row = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?));
        let cut = self.connection.query_row(last, (strand, before.as_micros()), row).optional()?;
        let Some((seq, mac)) = cut else { return Ok(0) };
        let removed = self.connection.execute("DELETE FROM audit WHERE strand = ?1 AND seq <= ?2", (strand, seq))?;
        let mut body = Map::new();
        body.insert("before".to_owned(), json!(before.to_string()));
        body.insert("removed".to_owned(), Value::from(removed));
        body.insert("through_seq".to_owned(), Value::from(seq));
        body.insert("through_mac".to_owned(), json!(mac));
        let entry = Entry { at, what: What::Trimmed, person: None, place: None, subject: Some("audit".to_owned()), body };
        self.audit(&entry)?;
        Ok(removed)
    }
}
