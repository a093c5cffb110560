//! What each change does to the tables, inside the transaction of its group.

use rusqlite::{Connection, OptionalExtension, params};
use serde_json::Map;

use super::audit::Chain;
use super::change::{Begin, Change, Done, Entry, Finish};
use super::ids::Ids;
use super::kv::{Kept, Kv};
use super::rows::text_of;
use super::{
    Keys, StoreError, accept, choice, flow, fresh, memo, recover, ripen, schedules, set, settle, sort,
    topics, trim, wait,
};
use crate::model::{Execution, Handle, Slot, Timestamp};

/// Where a group of changes is carried out.
#[derive(Debug)]
pub(super) struct Scribe<'a> {
    pub(super) connection: &'a Connection,
    pub(super) keys: &'a Keys,
    pub(super) chain: &'a mut Chain,
    /// This life of the bot.
    pub(super) worker: i64,
    /// When the group began.
    pub(super) now: Timestamp,
    /// Where the store's own ids come from; reserved at the end of the group.
    pub(super) ids: &'a Ids,
    /// The notifiers in whose lanes something may be due now that was not.
    pub(super) touched: Vec<String>,
    /// The datastore as of the last commit.
    pub(super) kv: &'a Kv,
    /// What this group does to it.
    pub(super) kept: Vec<Kept>,
}

impl Scribe<'_> {
    /// Carries out one change.
    pub(super) fn apply(&mut self, change: &Change) -> Result<Done, StoreError> {
        match change {
            Change::Begin(begin) => self.begin(begin),
            Change::Start { execution, at } => self.start(*execution, *at),
            Change::Ran(begin, finish) => self.ran(begin, finish),
            Change::Finish(finish) => self.finish(finish),
            Change::Step { finish, flow } => flow::step(self, finish.as_deref(), flow),
            Change::Wait(new) => wait::wait(self, new),
            Change::Word(word) => wait::word(self, word),
            Change::Deliver(delivery) => self.deliver(delivery).map(|()| Done::Written),
            Change::Note { slot, handle } => self.note(slot, handle).map(|()| Done::Written),
            Change::Offer(offer) => choice::offer(self, offer),
            Change::Withdraw { slot } => choice::withdraw(self, slot),
            Change::Choose { key, way, chosen } => choice::choose(self, key, *way, chosen),
            Change::Settle(settled) => settle::settle(self, settled),
            Change::Audit(entry) => self.audit(entry).map(|()| Done::Written),
            Change::Position { adapter, room, mark } => {
                self.position(adapter.as_str(), room, mark).map(|()| Done::Written)
            }
            Change::Recover { at, notice } => recover::recover(self, *at, notice),
            Change::Accept(told) => accept::accept(self, told),
            Change::Sort { pick, fate, at, audit } => sort::sort(self, pick, *fate, *at, audit),
            Change::Set { setting, audit } => set::set(self, setting, audit),
            Change::Looked { upto } => fresh::looked(self, *upto),
            Change::Due(claim) => schedules::due(self, claim),
            Change::Memo(new) => memo::memo(self, new),
            Change::Number(names) => topics::number(self, names),
            Change::Used { token, at } => set::used(self, *token, *at),
            Change::Ripen { notifier, at } => ripen::ripen(self, notifier, *at),
            Change::Rewind { at, by } => ripen::rewind(self, *at, *by),
            Change::Trim { history_before, audit_before, at } => {
                trim::trim(self, *history_before, *audit_before, *at)
            }
        }
    }

    /// Runs one statement, compiled once.
    pub(super) fn run(&self, sql: &str, values: impl rusqlite::Params) -> Result<usize, StoreError> {
        Ok(self.connection.prepare_cached(sql)?.execute(values)?)
    }

    pub(super) fn begin(&mut self, begin: &Begin) -> Result<Done, StoreError> {
        let execution = &begin.execution;
        if let Some(key) = &begin.key {
            if let Some(earlier) = self.seen(&key.to_string())? {
                return Ok(Done::Repeated(earlier));
            }
            let sql = "INSERT INTO seen (key, noun, id, at) VALUES (?1, 'execution', ?2, ?3)";
            self.run(sql, params![key.to_string(), execution.id, execution.asked.as_micros()])?;
            if let Some(mark) = &begin.position {
                self.position(key.adapter.as_str(), &key.room, mark)?;
            }
        }
        let sealed = match begin.secrets.is_empty() {
            true => None,
            false => Some(self.keys.seal(&owner(execution.id), &serde_json::to_vec(&begin.secrets)?)),
        };
        self.insert(execution, sealed.as_deref())?;
        self.audit(&begin.audit)?;
        Ok(Done::Written)
    }

    fn seen(&self, key: &str) -> Result<Option<i64>, StoreError> {
        let sql = "SELECT id FROM seen WHERE key = ?1";
        Ok(self.connection.prepare_cached(sql)?.query_row([key], |row| row.get(0)).optional()?)
    }

    fn insert(&self, execution: &Execution, sealed: Option<&str>) -> Result<(), StoreError> {
        let sql = "INSERT INTO execution (id, rerun_of, cause, adapter, room, thread, room_kind, person,
                   person_name, alias, command, action, runner, definition, parameters, sealed, status, why,
                   worker, asked, started, ended, parent, task)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,
                   ?19, ?20, ?21, ?22, ?23, ?24)";
        let step = execution.step.as_ref();
        let place = execution.place.as_ref();
        self.run(
            sql,
            params![
                execution.id,
                execution.rerun_of,
                text_of(&execution.cause),
                place.map(|place| place.adapter.as_str()),
                place.map(|place| &*place.room),
                place.and_then(|place| place.thread.as_deref()),
                place.map(|place| text_of(&place.kind)),
                execution.person.to_string(),
                execution.person_name,
                execution.alias,
                execution.command,
                execution.action,
                execution.runner,
                execution.definition,
                serde_json::to_string(&execution.parameters)?,
                sealed,
                execution.status.as_str(),
                execution.why,
                self.worker,
                execution.asked.as_micros(),
                execution.started.map(Timestamp::as_micros),
                execution.ended.map(Timestamp::as_micros),
                step.map(|step| step.workflow),
                step.map(|step| &step.task),
            ],
        )?;
        Ok(())
    }

    fn start(&self, execution: i64, at: Timestamp) -> Result<Done, StoreError> {
        let sql = "UPDATE execution SET status = 'running', started = ?2, worker = ?3
                   WHERE id = ?1 AND started IS NULL AND ended IS NULL";
        let changed = self.run(sql, params![execution, at.as_micros(), self.worker])?;
        Ok(if changed == 0 { Done::Stale } else { Done::Written })
    }

    pub(super) fn finish(&mut self, finish: &Finish) -> Result<Done, StoreError> {
        let sql = "UPDATE execution SET status = ?2, why = ?3, ended = ?4 WHERE id = ?1 AND ended IS NULL";
        let values = params![finish.execution, finish.status.as_str(), finish.why, finish.at.as_micros()];
        if self.run(sql, values)? == 0 {
            return Ok(Done::Stale);
        }
        self.outcome(finish)
    }

    fn ran(&mut self, begin: &Begin, finish: &Finish) -> Result<Done, StoreError> {
        match self.begin(begin)? {
            Done::Written => self.outcome(finish),
            repeated => Ok(repeated),
        }
    }

    /// What is left of an execution whose row says that it ended.
    fn outcome(&mut self, finish: &Finish) -> Result<Done, StoreError> {
        let sql = "INSERT INTO execution_result (execution, body, seen_bytes) VALUES (?1, ?2, ?3)";
        let body = serde_json::to_string(&finish.result)?;
        self.run(sql, params![finish.execution, body, i64::try_from(finish.seen_bytes).unwrap_or(i64::MAX)])?;
        if let Some(delivery) = &finish.delivery {
            self.deliver(delivery)?;
        }
        for told in &finish.events {
            accept::accept(self, told)?;
        }
        self.audit(&finish.audit)?;
        Ok(Done::Written)
    }

    /// Keeps the handle of a slot's message.
    pub(super) fn note(&self, slot: &Slot, handle: &Handle) -> Result<(), StoreError> {
        let sql = "INSERT INTO slot (notifier, target, lane, handle, at) VALUES (?1, ?2, ?3, ?4, ?5)
                   ON CONFLICT (notifier, target, lane) DO UPDATE SET handle = excluded.handle, at = excluded.at";
        self.run(sql, params![slot.notifier, slot.target, slot.lane, handle.0, self.now.as_micros()])?;
        Ok(())
    }

    fn position(&self, adapter: &str, room: &str, mark: &str) -> Result<(), StoreError> {
        let sql = "INSERT INTO position (adapter, room, mark) VALUES (?1, ?2, ?3)
                   ON CONFLICT (adapter, room) DO UPDATE SET mark = excluded.mark";
        self.run(sql, [adapter, room, mark])?;
        Ok(())
    }

    /// Appends an audit record.
    pub(super) fn audit(&mut self, entry: &Entry) -> Result<(), StoreError> {
        self.chain.append(self.connection, self.keys.audit(), entry)
    }
}

/// Whose the sealed parameters of an execution are.
pub(super) fn owner(execution: i64) -> String {
    format!("execution/{execution}")
}

/// A JSON object out of pairs.
pub(super) fn object<const N: usize>(
    pairs: [(&str, serde_json::Value); N],
) -> Map<String, serde_json::Value> {
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}
