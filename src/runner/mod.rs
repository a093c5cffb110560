//! What carries an action out: one file a runner, one row in the list below, one page in `docs/runners`.
//!
//! Runners are leaves: they know nothing of chat, store or access. What needs the bot is returned
//! as an [`Effect`].

mod action_chain;
mod announcement;
mod catalogue;
mod desk;
mod echo;
mod fleet;
mod grant;
mod host;
mod http_request;
mod inquirer;
mod local;
mod local_shell_cmd;
mod local_shell_script;
mod noop;
mod orquesta;
mod output;
mod parameter;
mod python_script;
mod record;
mod remote_shell_cmd;
mod remote_shell_script;
mod settings;
mod shell;
mod ssh;
#[cfg(test)]
mod testing;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use crate::model::Status;
use crate::net::World;

pub use catalogue::{CATALOGUE, Missing, Pace, Row, Script, find, is_instant, is_workflow, run};
pub use desk::{Answer, Desk, Question};
pub use output::{KEPT, Output, Pipe, Sample, Text, Totals};
pub use python_script::virtualenv;
pub use settings::{Backend, Localhost, Settings, Ssh, UnknownHosts};

/// Everything around one run that is not its parameters.
#[derive(Debug, Clone)]
pub struct Job {
    /// The execution's id.
    pub id: i64,
    /// Cancelled when a person kills the execution or the bot stops.
    pub stop: CancellationToken,
    /// The time limit of the whole run. A `timeout` parameter that is shorter counts instead.
    pub limit: Duration,
    /// Where output goes while it comes.
    pub output: Arc<Output>,
    /// Time and randomness.
    pub world: World,
    /// Who answers an action's questions about the datastore.
    pub desk: Option<Arc<dyn Desk>>,
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
    /// The action's own parameters, all that it declares; null where nothing was given.
    pub own: Map<String, Value>,
    /// The configuration of the pack.
    pub config: Map<String, Value>,
    /// The pack.
    pub pack: String,
    /// Its folder.
    pub pack_root: Option<PathBuf>,
    /// The action, as `pack.name`.
    pub reference: String,
    /// For whom: a name of access.yaml, or a person.
    pub user: String,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// `succeeded`, `failed`, `timeout`, `canceled` or `abandoned`; `pending` with [`Effect::Ask`] among the effects.
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
    /// Let somebody do something for a time.
    Grant {
        /// What, as access.yaml would name it, or a role.
        what: String,
        /// Whom.
        to: String,
        /// For how long.
        lasts: Duration,
        /// Why, or empty.
        reason: String,
    },
    /// Ask people and wait.
    Ask {
        /// What an answer looks like.
        schema: Value,
        /// How long to wait.
        ttl: Duration,
        /// Who is told.
        route: String,
        /// Roles or groups that may answer.
        roles: Vec<String>,
        /// People who may.
        users: Vec<String>,
    },
}

impl Outcome {
    /// A run that ended well.
    fn good(result: Value) -> Self {
        Self { status: Status::Succeeded, why: None, result, effects: Vec::new() }
    }

    /// A run that failed before it did anything: the result is `{succeeded, failed, error}`.
    pub fn refused(why: impl Into<String>) -> Self {
        let why = why.into();
        let result = serde_json::json!({"succeeded": false, "failed": true, "error": why});
        Self { status: Status::Failed, why: Some(why), result, effects: Vec::new() }
    }
}

/// A runner: its options, as parameters give them, and the work.
trait Runner: DeserializeOwned + Send {
    /// What it does, in one line.
    const SUMMARY: &'static str;
    /// Its parameters, in YAML, as an action's `parameters:` has them.
    const PARAMETERS: &'static str;
    /// Whether an action of it names a file.
    const SCRIPT: Script = Script::None;
    /// Whether it ends where it begins.
    const PACE: Pace = Pace::Waits;

    /// Carries it out.
    fn run(self, input: Input, job: &Job, settings: &Settings) -> impl Future<Output = Outcome> + Send;
}
