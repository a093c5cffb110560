//! Rules that run something because of an event. What they run, others carry out.

use std::time::Duration;

use serde_json::{Map, Value};

use super::{Match, Seen};
use crate::config::Demand;
use crate::model::{Event, Person};

/// How often a rule runs where it says nothing about it.
const USUALLY: Often = Often { count: 10, within: Duration::from_secs(3600) };

/// A rule that runs something because of an event.
#[derive(Debug, Clone)]
pub struct Reaction {
    /// The line in the file.
    pub line: u64,
    /// What it is called; no two are called the same.
    pub name: String,
    /// Which events.
    pub matching: Match,
    /// What it runs.
    pub runs: Runs,
    /// With whose rights.
    pub owner: Person,
    /// Where it runs and answers, such as `slack:#ops`; nowhere without it.
    pub place: Option<String>,
    /// Who must approve each run, beside what the action asks for.
    pub approval: Option<Demand>,
    /// No more often than this.
    pub limit: Often,
}

/// What a rule runs.
#[derive(Debug, Clone, PartialEq)]
pub enum Runs {
    /// An action, with parameters; texts are templates over `event`, `labels` and `payload`.
    Action {
        /// `pack.action`.
        action: String,
        /// Its parameters.
        with: Map<String, Value>,
    },
    /// A command as it would be typed; `{{ ... }}` in it stands for values.
    Command(String),
}

/// So many times in so long a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Often {
    /// How many.
    pub count: usize,
    /// In which time.
    pub within: Duration,
}

impl Default for Often {
    fn default() -> Self {
        USUALLY
    }
}

impl Reaction {
    /// Whether it is about an event.
    pub fn fits(&self, event: &Event) -> bool {
        self.matching.fits(&Seen::event(event, event.level))
    }
}

/// Whom else to tell of a failure that nobody has taken care of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Escalation {
    /// So long after the failure was told.
    pub after: Duration,
    /// Names of notifiers.
    pub to: Vec<String>,
}
