//! What a simulation is given.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::model::Status;

/// Inputs, results, requests, stored values.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Case {
    /// What the caller passes.
    pub inputs: Map<String, Value>,
    /// By task: how its starts end, the first one first. Beyond the list: succeeded, null.
    pub results: BTreeMap<String, Vec<Outcome>>,
    /// What people ask while it runs.
    pub requests: Vec<Request>,
    /// System keys of the datastore.
    pub datastore: Map<String, Value>,
    /// Configuration of the pack, for chains.
    pub config: Map<String, Value>,
    /// What a workflow sees beside its input: `st2`, `parent`.
    pub parent: Map<String, Value>,
}

/// How one action ends.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// Its status; `pending` for one that asks a question.
    #[serde(default = "succeeded")]
    pub status: Status,
    /// What it gives.
    #[serde(default)]
    pub result: Value,
    /// Seconds it takes.
    #[serde(default = "one")]
    pub takes: f64,
}

const fn succeeded() -> Status {
    Status::Succeeded
}

const fn one() -> f64 {
    1.0
}

impl Default for Outcome {
    fn default() -> Self {
        Self { status: Status::Succeeded, result: Value::Null, takes: 1.0 }
    }
}

/// Something a person asks at a time.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// When, in seconds; before what ends at that time.
    pub at: f64,
    /// What.
    #[serde(rename = "do")]
    pub ask: Ask,
    /// The task a question of which is answered.
    #[serde(default)]
    pub task: Option<String>,
    /// The answer.
    #[serde(default)]
    pub result: Value,
    /// The tasks to run again; none for the failed ends.
    #[serde(default)]
    pub tasks: Vec<String>,
    /// Whether all their items run again.
    #[serde(default)]
    pub reset_items: bool,
}

/// What can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ask {
    /// Start nothing new.
    Pause,
    /// Go on.
    Resume,
    /// Stop.
    Cancel,
    /// Answer a question.
    Respond,
    /// Run again.
    Rerun,
}

impl Ask {
    /// The word in files and answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Cancel => "cancel",
            Self::Respond => "respond",
            Self::Rerun => "rerun",
        }
    }
}
