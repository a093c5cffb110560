//! What waits for somebody's word: approvals, codes of a second factor, questions. Who may say what is decided here;
//! what becomes of the execution is the engine's.
//!
//! What is open stands in the store; memory has a copy, so that listing and deciding wait for nothing. One word at a
//! time counts for an execution ([`Held`]), and none before it is committed.

mod diff;
mod messages;
mod tally;
mod tell;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Notify as Bell;

pub use messages::{End, Messages};
pub use tally::{Say, standing};
pub use tell::Moment;
pub(in crate::bot) use words::{demanded, parameters};

use super::choices::Choices;
use super::notify::Notify;
use super::outbox::Outbox;
use crate::access::{Access, Asked, Asker, Unfit};
use crate::action::{self, Field};
use crate::config::{Demand, units};
use crate::model::{Execution, Person, Place, Status, Timestamp};
use crate::net::World;
use crate::store::{Filter, Reader, Store, StoreError, Vote, Waiting};
use crate::text::Post;

/// What an execution waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Others are to approve it.
    Approval,
    /// Who asked is to prove who they are.
    Code,
    /// It asks something itself.
    Question,
}

impl Kind {
    /// The word in the store.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Approval => "approval",
            Self::Code => "code",
            Self::Question => "question",
        }
    }

    fn read(word: &str) -> Self {
        match word {
            "code" => Self::Code,
            "question" => Self::Question,
            _ => Self::Approval,
        }
    }
}

/// What it takes for an execution to go on, as it is stored: nothing secret is in it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Needs {
    /// Who must approve it.
    pub demands: Vec<Demand>,
    /// SHA-256 of the script that it runs, in hex.
    pub script: Option<String>,
    /// How the room is shown where it was asked.
    pub room_name: Option<String>,
    /// What it asks.
    pub question: Option<Question>,
    /// The message that asks, without buttons.
    pub post: Post,
    /// Where that message stands.
    pub places: Vec<Place>,
}

/// What an execution asks people, as the runner `inquirer` was given it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// What an answer looks like.
    pub schema: Value,
    /// Who is told.
    pub route: String,
    /// Roles or groups that may answer.
    pub roles: Vec<String>,
    /// People who may.
    pub users: Vec<String>,
    /// How long it is waited for, in minutes.
    pub ttl: u64,
}

impl Question {
    /// The values that are asked for.
    pub fn fields(&self) -> impl Iterator<Item = Field> {
        action::fields(&self.schema).into_iter()
    }

    /// The result of the execution, with the answer once there is one.
    pub fn result(&self, response: Option<Value>) -> Value {
        let mut result = json!({
            "schema": self.schema, "route": self.route, "roles": self.roles, "users": self.users, "ttl": self.ttl,
        });
        if let Some(response) = response {
            result["response"] = response;
        }
        result
    }

    /// Whether somebody may answer what `requester` asked for. Unless roles or users are named that is everybody whose
    /// service vouches for them, who asked among them.
    pub fn may_answer(&self, access: &Access, person: &Person) -> bool {
        let named = self.roles.iter().chain(&self.users);
        person.is_proven()
            && ((self.roles.is_empty() && self.users.is_empty())
                || access.is_admin(person)
                || named.into_iter().any(|name| access.is_one_of(person, name)))
    }
}

/// An execution that waits for somebody's word.
#[derive(Debug, Clone, PartialEq)]
pub struct Open {
    /// The execution.
    pub execution: Execution,
    /// What for.
    pub kind: Kind,
    /// What it takes.
    pub needs: Needs,
    /// Who had a say.
    pub votes: Vec<Vote>,
    /// Since when.
    pub asked: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

impl Open {
    /// As it is stored.
    pub fn waiting(&self) -> Waiting {
        let needs = serde_json::to_value(&self.needs).unwrap_or_default();
        Waiting { kind: self.kind.word().to_owned(), needs, asked: self.asked, until: self.until }
    }

    /// Which of the demands a word of `voter` counts for.
    ///
    /// # Errors
    /// It counts for none.
    pub fn counts(&self, access: &Access, voter: &Asker<'_>) -> Result<Vec<usize>, Unfit> {
        let execution = &self.execution;
        let asked = Asked {
            action: &execution.action,
            alias: execution.alias.as_deref(),
            parameters: &execution.parameters,
        };
        tally::counts(access, voter, &asked, &execution.person, &self.needs.demands)
    }

    /// Whether `voter` may have a say in it, wherever that counts.
    pub fn is_for(&self, access: &Access, voter: &Asker<'_>) -> bool {
        match self.kind {
            Kind::Approval => !matches!(
                self.counts(access, voter),
                Err(Unfit::Unproven
                    | Unfit::Requester
                    | Unfit::CannotTell { .. }
                    | Unfit::NotAmong { .. }
                    | Unfit::NoRule(_))
            ),
            Kind::Code => access.identity(&self.execution.person) == access.identity(voter.person),
            Kind::Question => {
                self.needs.question.as_ref().is_some_and(|it| it.may_answer(access, voter.person))
            }
        }
    }
}

/// Why a word did not count. Displayed as one sentence.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Undecided {
    /// It does not wait: it never did, or somebody decided.
    #[error("{0}")]
    Gone(String),
    /// That person has no say in it.
    #[error("{0}")]
    Unfit(Unfit),
    /// It is somebody's who cannot be told from one who had a say.
    #[error(
        "nobody can tell whether you and {0} are two people: an admin names both under `people` in access.yaml"
    )]
    Double(String),
    /// The person said so before.
    #[error("you have said `{0}` already")]
    Again(&'static str),
    /// A reason is needed.
    #[error("say why: `{0} {1} REASON`")]
    Reason(&'static str, i64),
    /// Somebody is having a say this moment.
    #[error("somebody else is deciding that this moment, try again")]
    Busy,
    /// Only who asked may.
    #[error("only who asked for {0} can take it back; `deny {0}` is for others")]
    NotYours(i64),
    /// What was asked for is no longer what would run.
    #[error("{0}")]
    Changed(String),
    /// An answer does not fit.
    #[error("{0}")]
    Answer(String),
    /// The bot takes nothing new.
    #[error("the bot takes nothing new now, so nothing can be approved: try again when it does")]
    Draining,
    /// It could not be recorded.
    #[error("that cannot be recorded, so it does not count: {0}")]
    Store(StoreError),
}

/// Everything that waits for somebody's word.
pub struct Approvals {
    store: Store,
    outbox: Arc<Outbox>,
    choices: Arc<Choices>,
    notify: Arc<Notify>,
    world: World,
    state: Mutex<State>,
    bell: Bell,
}

#[derive(Default)]
struct State {
    open: BTreeMap<i64, Open>,
    /// Of these somebody is deciding.
    held: BTreeSet<i64>,
}

/// Nobody else decides this execution meanwhile.
pub struct Held {
    approvals: Arc<Approvals>,
    /// What waits.
    pub open: Open,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.approvals.lock().held.remove(&self.open.execution.id);
        self.approvals.bell.notify_one();
    }
}

impl Approvals {
    /// Nothing waits that is known of.
    pub fn new(
        store: Store,
        outbox: Arc<Outbox>,
        choices: Arc<Choices>,
        notify: Arc<Notify>,
        world: World,
    ) -> Arc<Self> {
        Arc::new(Self { store, outbox, choices, notify, world, state: Mutex::default(), bell: Bell::new() })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads what an earlier life left waiting.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn recall(&self) -> Result<(), StoreError> {
        let read = |reader: &Reader| {
            let found = reader.waiting()?.into_iter();
            found.map(|(execution, waiting)| Ok((reader.votes(execution.id)?, execution, waiting))).collect()
        };
        let found: Vec<(Vec<Vote>, Execution, Waiting)> = self.store.read(read).await?;
        for (votes, execution, waiting) in found {
            let kind = Kind::read(&waiting.kind);
            let needs = serde_json::from_value(waiting.needs)?;
            self.keep(Open { execution, kind, needs, votes, asked: waiting.asked, until: waiting.until });
        }
        Ok(())
    }

    /// Something waits from now on, or for something else.
    pub fn keep(&self, open: Open) {
        self.lock().open.insert(open.execution.id, open);
        self.bell.notify_one();
    }

    /// It waits no more.
    pub fn forget(&self, id: i64) {
        self.lock().open.remove(&id);
    }

    /// All that waits, the oldest first.
    pub fn list(&self) -> Vec<Open> {
        self.lock().open.values().cloned().collect()
    }

    /// One of them.
    pub fn get(&self, id: i64) -> Option<Open> {
        self.lock().open.get(&id).cloned()
    }

    /// Holds what waits, so that nobody else decides it meanwhile.
    ///
    /// # Errors
    /// Somebody does, or it does not wait, which is told with what became of it.
    pub async fn hold(self: &Arc<Self>, id: i64) -> Result<Held, Undecided> {
        {
            let mut state = self.lock();
            if let Some(open) = state.open.get(&id).cloned() {
                if !state.held.insert(id) {
                    return Err(Undecided::Busy);
                }
                return Ok(Held { approvals: self.clone(), open });
            }
        }
        let read = move |reader: &Reader| Ok((reader.waited(id)?, reader.votes(id)?));
        let (waited, votes) = self.store.read(read).await.map_err(Undecided::Store)?;
        Err(Undecided::Gone(tell::gone(id, waited.as_ref(), &votes)))
    }

    /// Waits until the time of something is over; gives what that is. The caller ends it.
    pub async fn due(&self) -> i64 {
        loop {
            let bell = self.bell.notified();
            let now = self.world.now();
            let next = {
                let state = self.lock();
                let free = state.open.values().filter(|open| !state.held.contains(&open.execution.id));
                free.map(|open| (open.until, open.execution.id)).min()
            };
            match next {
                Some((until, id)) if until <= now => return id,
                Some((until, _)) => {
                    tokio::select! { () = bell => {}, () = self.world.sleep(until.since(now)) => {} }
                }
                None => bell.await,
            }
        }
    }

    /// The last run of the same command, or else action, that ended well, before `execution`.
    pub(in crate::bot) async fn last(&self, execution: &Execution) -> Option<Execution> {
        let filter = Filter {
            action: Some(execution.action.clone()),
            alias: execution.alias.clone(),
            statuses: vec![Status::Succeeded],
            limit: 1,
            ..Filter::default()
        };
        let found = self.store.read(move |reader| reader.executions(&filter)).await;
        found.ok().and_then(|found| found.into_iter().next())
    }

    /// Whether `voter` may say so of what is held, and which demands it counts for.
    ///
    /// # Errors
    /// Why not.
    pub fn judge(
        &self,
        open: &Open,
        access: &Access,
        voter: &Asker<'_>,
        say: Say,
        reason: Option<&str>,
    ) -> Result<Vec<usize>, Undecided> {
        let id = open.execution.id;
        if open.kind != Kind::Approval {
            let what = if open.kind == Kind::Code { "a code of who asked" } else { "an answer" };
            return Err(Undecided::Gone(format!("{id} waits for {what}, not for an approval")));
        }
        if open.until <= self.world.now() {
            return Err(Undecided::Gone(format!("the time to decide {id} is over")));
        }
        let counts = open.counts(access, voter).map_err(Undecided::Unfit)?;
        if let Some(other) = tally::double(access, &open.votes, voter.person) {
            return Err(Undecided::Double(other.name.clone()));
        }
        let who = access.identity(voter.person);
        if open.votes.iter().any(|vote| vote.who == who && vote.verdict == say.word()) {
            return Err(Undecided::Again(say.word()));
        }
        if reason.is_none() && tally::wants_reason(&open.needs.demands, &counts) {
            return Err(Undecided::Reason(say.word(), id));
        }
        Ok(counts)
    }

    /// Whether these votes are enough.
    pub fn is_met(open: &Open) -> bool {
        tally::is_met(&open.needs.demands, &open.votes)
    }
}

/// For how long a set of demands lets people decide: as long as the shortest.
pub fn within(demands: &[Demand]) -> Duration {
    demands.iter().map(|demand| demand.within).min().unwrap_or_else(|| Demand::default().within)
}

/// A span that somebody typed.
///
/// # Errors
/// It is none.
pub fn span(text: &str) -> Result<Duration, String> {
    units::duration(text)
}
