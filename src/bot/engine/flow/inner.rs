//! What a workflow at work is waiting for: the conductor, and what it started.

use std::collections::{BTreeMap, HashMap, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tracing::warn;

use super::Told;
use super::machine::Machine;
use crate::model::{Noun, Status, Timestamp};
use crate::store::{self, Store};
use crate::workflow::Change;

/// How many steps of one workflow wait or run at once; the rest waits inside the workflow.
const MOST_AT_ONCE: usize = 100;

/// How many runs of tasks one workflow has at most: one that goes round and round ends here.
const MOST_RUNS: usize = 100_000;

/// Tasks without an action that one step lets pass, before others have their turn.
const MOST_EMPTY: usize = 1_000;

/// A run of a task, and the item of it.
pub(super) type Key = (usize, Option<usize>);

/// Something the conductor offered whose end it does not know yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Call {
    /// The execution.
    pub(super) child: i64,
    /// The task.
    pub(super) task: String,
    /// The action.
    pub(super) action: String,
    /// Its parameters.
    pub(super) input: Value,
}

impl Call {
    /// As people read it: `deploy`, `deploy#3`.
    pub(super) fn label(&self, key: Key) -> String {
        key.1.map_or_else(|| self.task.clone(), |item| format!("{}#{item}", self.task))
    }
}

/// A workflow at work.
pub(super) struct Inner {
    pub(super) conductor: Machine,
    pub(super) calls: BTreeMap<Key, Call>,
    children: HashMap<i64, Key>,
    queue: VecDeque<Key>,
    /// Cut by the end of an earlier life, and not known to be safe to repeat: a person says what becomes of them.
    pub(super) cut: Vec<Key>,
    /// Once a person asked for the end.
    pub(super) killed: bool,
    status: Status,
    changed: Vec<Key>,
    gone: Vec<Key>,
    again: bool,
}

impl Inner {
    pub(super) fn new(conductor: Machine) -> Self {
        Self {
            conductor,
            calls: BTreeMap::new(),
            children: HashMap::new(),
            queue: VecDeque::new(),
            cut: Vec::new(),
            killed: false,
            status: Status::Requested,
            changed: Vec::new(),
            gone: Vec::new(),
            again: false,
        }
    }

    /// Where the workflow stands.
    pub(super) fn status(&self) -> Status {
        self.conductor.status()
    }

    /// Whether nothing can happen any more.
    pub(super) fn is_over(&self) -> bool {
        self.conductor.status().is_final() && !self.conductor.busy()
    }

    /// The executions that were started and whose end is not known.
    pub(super) fn children(&self) -> Vec<i64> {
        let waiting = |key: &Key| self.queue.contains(key) || self.cut.contains(key);
        self.calls.iter().filter(|(key, _)| !waiting(key)).map(|(_, call)| call.child).collect()
    }

    /// Takes back a call that an earlier life made.
    pub(super) fn take_back(&mut self, key: Key, call: Call) {
        self.children.insert(call.child, key);
        self.calls.insert(key, call);
    }

    /// Starts a call that was offered before, as a new execution.
    pub(super) fn repeat(&mut self, key: Key, child: i64) {
        if let Some(call) = self.calls.get_mut(&key) {
            self.children.remove(&call.child);
            call.child = child;
            self.children.insert(child, key);
            self.queue.push_back(key);
            self.changed.push(key);
        }
    }

    /// What became of a step.
    pub(super) fn told(&mut self, told: &Told, now: Timestamp) {
        if let Some(key) = self.children.get(&told.child).copied() {
            self.end(key, told.status, told.result.clone(), now);
        }
    }

    /// The same by its place.
    pub(super) fn end(&mut self, key: Key, status: Status, result: Value, now: Timestamp) {
        if !matches!(status, Status::Pending | Status::Paused) {
            if let Some(call) = self.calls.remove(&key) {
                self.children.remove(&call.child);
            }
            self.queue.retain(|waiting| *waiting != key);
            self.cut.retain(|cut| *cut != key);
            self.gone.push(key);
        }
        if let Err(error) = self.conductor.ended(key.0, key.1, status, result, now) {
            warn!(%error, "a workflow was told of an end that it does not wait for");
        }
    }

    /// Takes what the conductor offers; tasks without an action end at once.
    pub(super) fn offer(&mut self, store: &Store, now: Timestamp) {
        self.again = false;
        for _ in 0..MOST_EMPTY {
            let offers = self.conductor.ready(now);
            let mut empty = false;
            for offer in offers {
                let key = (offer.run, offer.item);
                match offer.action {
                    None => {
                        empty = true;
                        self.end(key, Status::Succeeded, Value::Null, now);
                    }
                    Some(action) => {
                        let child = store.id(Noun::Execution);
                        self.take_back(key, Call { child, task: offer.task, action, input: offer.input });
                        self.queue.push_back(key);
                        self.changed.push(key);
                    }
                }
            }
            if !empty {
                return self.bound(now);
            }
        }
        self.again = true;
        self.bound(now);
    }

    /// A workflow without end is ended.
    fn bound(&mut self, now: Timestamp) {
        if self.conductor.runs() > MOST_RUNS && !self.killed {
            self.killed = true;
            self.cancel(now);
        }
    }

    /// Starts nothing more; what was not started yet is canceled.
    pub(super) fn cancel(&mut self, now: Timestamp) {
        // Refused where it is over: then there is nothing left to do.
        let _ = self.conductor.cancel(now);
        let waiting: Vec<Key> = self.queue.drain(..).chain(self.cut.drain(..)).collect();
        for key in waiting {
            self.end(key, Status::Canceled, json!({}), now);
        }
    }

    /// Whether there is more to do at once.
    pub(super) fn goes_on(&self) -> bool {
        self.again && !self.is_over()
    }

    /// What is to be written down of the last step; nothing if nothing changed.
    pub(super) fn take_write(&mut self, execution: i64) -> Option<store::Flow> {
        let mut flow = store::Flow { execution, status: None, gone: Vec::new(), parts: Vec::new() };
        for change in self.conductor.take_changes() {
            match change {
                Change::Put { key, value } => flow.parts.push((key, value)),
                Change::Drop { prefix } => flow.gone.push(prefix),
            }
        }
        self.conductor.take_events();
        for key in std::mem::take(&mut self.gone) {
            flow.gone.push(part(key));
        }
        for key in std::mem::take(&mut self.changed) {
            if let Some(call) = self.calls.get(&key) {
                let text = serde_json::to_string(call).unwrap_or_default();
                flow.parts.push((part(key), text));
            }
        }
        let status = self.conductor.status();
        if status != self.status && !status.is_final() {
            flow.status = Some(status);
        }
        self.status = status;
        let nothing = flow.status.is_none() && flow.gone.is_empty() && flow.parts.is_empty();
        (!nothing).then_some(flow)
    }

    /// What is to start now.
    pub(super) fn take_launches(&mut self) -> Vec<(Key, Call)> {
        let busy = self.calls.len() - self.queue.len() - self.cut.len();
        let room = MOST_AT_ONCE.saturating_sub(busy).min(self.queue.len());
        let keys: Vec<Key> = self.queue.drain(..room).collect();
        keys.into_iter().filter_map(|key| Some((key, self.calls.get(&key)?.clone()))).collect()
    }
}

/// The key under which a call is written down. It ends with a slash, so that no other begins with it.
fn part((run, item): Key) -> String {
    item.map_or_else(|| format!("call/{run}/"), |item| format!("call/{run}/{item}/"))
}

/// Reads what [`part`] wrote.
pub(super) fn read_part(key: &str, text: &str) -> Option<(Key, Call)> {
    let mut words = key.strip_prefix("call/")?.strip_suffix('/')?.split('/');
    let run = words.next()?.parse().ok()?;
    let item = words.next().map(str::parse).transpose().ok()?;
    Some(((run, item), serde_json::from_str(text).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_reads_back_from_its_part_and_no_key_begins_with_another() {
        let call = Call { child: 7, task: "a".into(), action: "core.noop".into(), input: json!({"x": 1}) };
        let text = serde_json::to_string(&call).unwrap();
        let keys = [(1, None), (10, None), (1, Some(0)), (1, Some(10)), (11, Some(1))];
        for key in keys {
            assert_eq!(read_part(&part(key), &text), Some((key, call.clone())));
            let mut others =
                keys.iter().filter(|other| **other != key && other.1.is_some() == key.1.is_some());
            assert!(others.all(|other| !part(*other).starts_with(&part(key))), "{key:?}");
        }
        assert_eq!(read_part("head", &text), None);
    }
}
