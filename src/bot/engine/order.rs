//! What the engine is asked to run, and what it tells those who wait.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use super::flow::GoesOn;
use super::replies::Replies;
use crate::access;
use crate::action::{Action, Prepared};
use crate::adapter::Answer;
use crate::alias::Alias;
use crate::bot::home::{Home, runner_parameters};
use crate::config::Demand;
use crate::model::{Cause, Execution, MessageKey, Person, Place, Status, Step, Timestamp};
use crate::runner;
use crate::text::{Addressee, Post};

/// The time limit where an action has none.
const DEFAULT_LIMIT: Duration = Duration::from_secs(60);

/// The longest time limit, in seconds: a week.
const LONGEST_LIMIT: f64 = 604_800.0;

/// Somebody who asks for something, somewhere.
#[derive(Debug, Clone)]
pub struct Asker {
    /// Who.
    pub person: Person,
    /// How the service shows that person.
    pub name: String,
    /// Where, unless on the command line or through the API.
    pub place: Option<Place>,
    /// How the service shows the room, where that is not its id.
    pub room_name: Option<String>,
}

/// One run, checked and allowed, ready to be recorded and started.
#[derive(Clone)]
pub struct Order {
    /// The configuration in force when it was asked for.
    pub home: Arc<Home>,
    /// The alias that matched.
    pub alias: Option<Arc<Alias>>,
    /// What runs.
    pub action: Arc<Action>,
    /// Its parameters.
    pub prepared: Prepared,
    /// Who asks.
    pub asker: Asker,
    /// The text as typed, secrets cut.
    pub command: String,
    /// What made it start.
    pub cause: Cause,
    /// The execution it repeats.
    pub rerun_of: Option<i64>,
    /// The message that asked, for running it at most once.
    pub message: Option<MessageKey>,
    /// Who hears how it goes, where a message asked.
    pub replies: Option<Arc<Replies>>,
    /// The label of the button that asked for it, where one did.
    pub pressed: Option<String>,
    /// The adapter's resume mark after that message.
    pub position: Option<String>,
    /// What its room filled in, as `name=value`.
    pub filled: Vec<String>,
    /// The rule that runs it, and how many rules ran each because of the one before.
    pub rule: Option<(String, u32)>,
    /// It says nothing by itself: whoever submitted it tells what came of it.
    pub quiet: bool,
    /// One at a time: who else holds this name makes it wait.
    pub lock: Option<String>,
    /// Which step of which workflow it is.
    pub step: Option<Step>,
    /// Where it goes on, if it is a workflow that ran before.
    pub goes_on: Option<GoesOn>,
    /// Who must approve it first.
    pub demands: Vec<Demand>,
    /// Whether who asks must prove who they are first.
    pub proof: Proof,
}

/// Whether somebody proves once more who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Proof {
    /// What the service says is enough.
    #[default]
    None,
    /// By a code of the second factor.
    Code,
}

impl Asker {
    /// Somebody without a chat: on the command line, through the API, in a test.
    pub fn alone(person: Person) -> Self {
        let name = person.id().trim_start_matches('~').to_owned();
        Self { person, name, place: None, room_name: None }
    }

    /// The same as access sees it.
    pub fn who(&self) -> access::Asker<'_> {
        access::Asker {
            person: &self.person,
            place: self.place.as_ref(),
            room_name: self.room_name.as_deref(),
        }
    }

    /// Whom answers address in a room with others.
    pub fn addressee(&self) -> Option<Addressee> {
        let shared = self.place.as_ref().is_some_and(|place| !place.is_direct());
        shared.then(|| Addressee { id: self.person.id().to_owned(), name: self.name.clone() })
    }
}

impl Order {
    /// Whether something must be said before it may run.
    pub fn waits_first(&self) -> bool {
        self.proof == Proof::Code || !self.demands.is_empty()
    }

    /// The parameters that may not be shown, as they are.
    pub fn secret_parameters(&self) -> Map<String, Value> {
        let Prepared { all, shown, .. } = &self.prepared;
        let hidden = all.iter().filter(|(name, value)| shown.get(*name) != Some(*value));
        hidden.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// Where it says how it goes, if anywhere.
    pub fn place(&self) -> Option<&Place> {
        self.asker.place.as_ref().filter(|_| !self.quiet)
    }

    /// What its runner is given.
    pub fn input(&self) -> runner::Input {
        let prepared = &self.prepared;
        runner::Input {
            parameters: prepared.parameters.clone(),
            arguments: prepared.arguments.clone(),
            entry_point: prepared.entry_point.clone(),
            values: prepared.values.clone(),
            own: self.own_parameters(),
            config: prepared.config.clone(),
            pack: self.action.pack.clone(),
            pack_root: self.action.file.parent().and_then(Path::parent).map(Path::to_owned),
            reference: self.action.reference(),
            user: self.home.user_of(&self.asker.person).unwrap_or_else(|| self.asker.person.to_string()),
        }
    }

    /// What the action itself declares, apart from what its runner does; null where nothing was given.
    fn own_parameters(&self) -> Map<String, Value> {
        let runner = runner_parameters(&self.action);
        let of_runner = |name: &str| runner.iter().any(|parameter| parameter.name == name);
        let own = self.action.parameters.iter().filter(|own| !of_runner(&own.name));
        own.map(|own| (own.name.clone(), self.prepared.all.get(&own.name).cloned().unwrap_or_default()))
            .collect()
    }

    /// The time limit of the whole run: the parameter `timeout`, in seconds, for each round of hosts.
    pub fn limit(&self) -> Duration {
        let hosts = self.prepared.parameters.get("hosts").and_then(Value::as_str).unwrap_or_default();
        let rounds = hosts.split(',').count().div_ceil(self.home.settings.ssh_parallel.get());
        self.timeout().saturating_mul(u32::try_from(rounds).unwrap_or(u32::MAX))
    }

    fn timeout(&self) -> Duration {
        let seconds = self.prepared.parameters.get("timeout").and_then(Value::as_f64);
        let seconds = seconds.filter(|seconds| *seconds > 0.0 && *seconds < LONGEST_LIMIT);
        seconds.map_or(DEFAULT_LIMIT, Duration::from_secs_f64)
    }

    /// How answers to it are marked. Its last one is asked for once.
    pub fn answer(&self, last: bool, good: bool) -> Option<Answer> {
        let replies = self.replies.as_ref()?;
        Some(if last { replies.end(good) } else { replies.step() })
    }

    /// The execution that it is, asked for at `asked`.
    pub fn execution(&self, id: i64, asked: Timestamp) -> Execution {
        Execution {
            id,
            cause: self.cause,
            rerun_of: self.rerun_of,
            step: self.step.clone(),
            person: self.asker.person.clone(),
            person_name: self.asker.name.clone(),
            place: self.asker.place.clone(),
            alias: self.alias_reference(),
            command: self.command.clone(),
            action: self.action.reference(),
            runner: self.prepared.runner.clone(),
            definition: self.action.definition.clone(),
            parameters: self.prepared.shown.clone(),
            status: Status::Requested,
            why: None,
            asked,
            started: None,
            ended: None,
        }
    }

    /// The `pack.alias` that matched.
    pub fn alias_reference(&self) -> Option<String> {
        self.alias.as_ref().map(|alias| alias.reference())
    }
}

/// How an order ended, for whoever waits in code.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// The execution.
    pub id: i64,
    /// A final status.
    pub status: Status,
    /// One sentence, where the status does not say it all.
    pub why: Option<String>,
    /// The result, secrets cut.
    pub result: Value,
    /// What is told of it, where its alias wants that.
    pub post: Option<Post>,
}

/// One execution that waits or runs, for `ps`.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// The execution.
    pub id: i64,
    /// Who asked.
    pub person: Person,
    /// How that person was shown.
    pub name: String,
    /// What was typed.
    pub command: String,
    /// Waiting or running.
    pub status: Status,
    /// Asked at.
    pub asked: Timestamp,
    /// Where.
    pub place: Option<Place>,
    /// The action and parameters shown.
    pub action: String,
    /// Parameters, secrets cut.
    pub parameters: Map<String, Value>,
    /// Which step of which workflow it is.
    pub step: Option<Step>,
}
