//! Writes about what waits for somebody's word.

use serde_json::Value;

use super::{Accept, Begin, Entry, Finish, NewDelivery};
use crate::model::{Person, Timestamp};

/// What an execution waits for.
#[derive(Debug, Clone, PartialEq)]
pub struct Waiting {
    /// One word: `approval`, `code`, `question`.
    pub kind: String,
    /// What it takes, opaque to the store. It may be shown: secrets do not belong here.
    pub needs: Value,
    /// Since when.
    pub asked: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

/// An execution waits from now on, `pending`.
#[derive(Debug, Clone)]
pub struct Wait {
    /// The execution.
    pub execution: i64,
    /// Its first record, where it has none yet: a message seen before gives [`super::Done::Repeated`].
    pub begin: Option<Box<Begin>>,
    /// What for.
    pub waiting: Waiting,
    /// The messages that ask.
    pub deliveries: Vec<NewDelivery>,
    /// What others are told.
    pub events: Vec<Accept>,
    /// The audit record.
    pub audit: Entry,
}

/// One person's vote. A second one of the same person replaces it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vote {
    /// The name in access.yaml, else the id.
    pub who: String,
    /// The id.
    pub person: Person,
    /// How that person was shown.
    pub name: String,
    /// Where, as it is written.
    pub place: Option<String>,
    /// One word: `approve`, `deny`.
    pub verdict: String,
    /// Which of the demands it counts for, by their places from 0.
    pub counts: Vec<usize>,
    /// Why, where said.
    pub reason: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// Somebody's word on what waits, or the end of the time for it; [`super::Done::Stale`] if it does not wait any more.
#[derive(Debug, Clone)]
pub struct Word {
    /// The execution.
    pub execution: i64,
    /// A vote.
    pub vote: Option<Vote>,
    /// What becomes of the execution.
    pub then: Then,
    /// Messages.
    pub deliveries: Vec<NewDelivery>,
    /// What others are told.
    pub events: Vec<Accept>,
    /// The audit record.
    pub audit: Entry,
}

/// What becomes of an execution when somebody had a say.
#[derive(Debug, Clone)]
pub enum Then {
    /// It waits on.
    Waits,
    /// It waits for something else.
    Next(Box<Waiting>),
    /// It may run: it is `requested` again.
    Runs(String),
    /// It ended.
    Ends(String, Box<Finish>),
}

/// What waits or waited, as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Waited {
    /// What for.
    pub waiting: Waiting,
    /// One word on how it ended, once it did.
    pub verdict: Option<String>,
    /// When it ended.
    pub closed: Option<Timestamp>,
}
