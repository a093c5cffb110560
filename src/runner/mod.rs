//! What carries an action out: one file a runner, one row in the list below, one page in `docs/runners`.
//!
//! Runners are leaves: they know nothing of chat, store or access. What needs the bot is returned
//! as an [`Effect`].

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use crate::model::Status;
use crate::net::World;

/// Everything around one run that is not its parameters.
#[derive(Debug, Clone)]
pub struct Job {
    /// Cancelled when a person kills the execution or the bot stops.
    pub stop: CancellationToken,
    /// The time limit of the whole run.
    pub limit: Duration,
    /// Where output goes while it comes.
    pub output: Arc<Output>,
    /// Time and randomness.
    pub world: World,
}

/// What a runner is given: already checked, cast and rendered.
#[derive(Debug, Clone, Default)]
pub struct Input {
    /// The runner's own parameters, by name, defaults filled in.
    pub parameters: Map<String, Value>,
    /// Arguments of a script, in order: `--name=value` or positional.
    pub arguments: Vec<String>,
    /// The script or other file that the action names, absolute.
    pub entry_point: Option<PathBuf>,
    /// Environment variables that carry typed values into shell text, beside the `env` parameter.
    pub values: Vec<(String, String)>,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// `succeeded`, `failed`, `timeout`, `canceled` or `abandoned`.
    pub status: Status,
    /// One sentence, where the status does not say it all.
    pub why: Option<String>,
    /// The result in the shape of StackStorm's runner.
    pub result: Value,
    /// What the bot is to do.
    pub effects: Vec<Effect>,
}

/// What a runner cannot do itself.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Tell a route.
    Announce {
        /// The route.
        route: String,
        /// The announcement.
        body: Value,
    },
    /// Ask people and wait.
    Ask {
        /// What an answer looks like.
        schema: Value,
        /// How long to wait.
        ttl: Duration,
    },
}

/// Live output of a run: keeps the first bytes of each stream, counts the rest, never waits for a reader.
#[derive(Debug)]
pub struct Output {}
