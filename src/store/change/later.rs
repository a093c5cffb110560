//! Writes about what is to happen later.

use serde_json::Value;

use super::{Entry, NewDelivery};
use crate::model::{Schedule, Timestamp};

/// Somebody wants something to happen later.
#[derive(Debug, Clone)]
pub struct NewSchedule {
    /// What.
    pub schedule: Schedule,
    /// The whole line, where what the schedule shows is not all of it; sealed before it is written.
    pub line: Option<String>,
    /// So many may one person have; one more is a [`crate::store::StoreError::Conflict`].
    pub most: usize,
}

/// What a room fills in for a parameter that nobody typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomDefault {
    /// The adapter.
    pub adapter: String,
    /// The room, as places name it.
    pub room: String,
    /// The parameter.
    pub name: String,
    /// Its value, as it would be typed.
    pub value: String,
    /// Who set it.
    pub who: String,
    /// When.
    pub at: Timestamp,
}

/// The time of a schedule has come, or was missed.
#[derive(Debug, Clone)]
pub struct Due {
    /// The schedule as it was read. If it is due at another time by now, nothing is written and the answer is
    /// [`super::Done::Stale`].
    pub before: Schedule,
    /// What becomes of it.
    pub next: Next,
    /// What is said because of it.
    pub delivery: Option<Box<NewDelivery>>,
    /// The audit record.
    pub audit: Entry,
}

/// What becomes of a schedule whose time has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// It comes again.
    At(Timestamp),
    /// It never comes again: it is gone.
    Never,
    /// It pauses itself, for this reason, until somebody lets it go on.
    Rests(String),
}

/// Something small that is to outlive the process.
#[derive(Debug, Clone)]
pub struct Memo {
    /// What it is called: `pipe/KEY`.
    pub name: String,
    /// What is kept; `None` forgets it.
    pub body: Option<Value>,
    /// The messages that tell of it, in the same commit.
    pub deliveries: Vec<NewDelivery>,
}
