//! What waits for somebody's word: approvals, codes of a second factor, questions. Who may say what is decided here;
//! what becomes of the execution is the engine's.
//!
//! What is open stands in the store; memory has a copy, so that listing and deciding wait for nothing. One word at a
//! time counts for an execution ([`Held`]), and none before it is committed.

mod diff;
mod messages;
mod open;
mod tally;
mod tell;
mod undecided;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify as Bell, watch};

pub use messages::{End, Messages};
pub use open::{Kind, Needs, Open, Question};
pub use tally::{Say, standing};
pub use tell::Moment;
pub use undecided::Undecided;
pub(in crate::bot) use words::{demanded, parameters};

use super::choices::Choices;
use super::notify::Notify;
use super::outbox::Outbox;
use crate::access::{Access, Asker};
use crate::config::{Demand, units};
use crate::model::{Execution, Status};
use crate::net::World;
use crate::store::{Filter, Reader, Store, StoreError, Vote, Waiting};

/// How long somebody waits for their turn to decide.
const TURN: Duration = Duration::from_secs(10);

/// Everything that waits for somebody's word.
pub struct Approvals {
    store: Store,
    outbox: Arc<Outbox>,
    choices: Arc<Choices>,
    notify: Arc<Notify>,
    world: World,
    state: Mutex<State>,
    bell: Bell,
    /// Rings whenever nobody decides something any more.
    freed: Bell,
    /// How often something began or ceased to wait.
    changed: watch::Sender<u64>,
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
        self.approvals.freed.notify_waiters();
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
        Arc::new(Self {
            store,
            outbox,
            choices,
            notify,
            world,
            state: Mutex::default(),
            bell: Bell::new(),
            freed: Bell::new(),
            changed: watch::Sender::new(0),
        })
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
        self.changed.send_modify(|times| *times += 1);
    }

    /// It waits no more.
    pub fn forget(&self, id: i64) {
        self.lock().open.remove(&id);
        self.changed.send_modify(|times| *times += 1);
    }

    /// Tells whenever something begins or ceases to wait.
    pub fn changed(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// All that waits, the oldest first.
    pub fn list(&self) -> Vec<Open> {
        self.lock().open.values().cloned().collect()
    }

    /// How many wait.
    pub fn count(&self) -> usize {
        self.lock().open.len()
    }

    /// One of them.
    pub fn get(&self, id: i64) -> Option<Open> {
        self.lock().open.get(&id).cloned()
    }

    /// Holds what waits, so that nobody else decides it meanwhile. Waits its turn: of two words that come together both
    /// are judged.
    ///
    /// # Errors
    /// Somebody decides for long, or it does not wait, which is told with what became of it.
    pub async fn hold(self: &Arc<Self>, id: i64) -> Result<Held, Undecided> {
        let until = self.world.now().plus(TURN);
        loop {
            let freed = self.freed.notified();
            {
                let mut state = self.lock();
                let Some(open) = state.open.get(&id).cloned() else { break };
                if state.held.insert(id) {
                    return Ok(Held { approvals: self.clone(), open });
                }
            }
            let left = until.since(self.world.now());
            if self.world.timeout(left, freed).await.is_err() {
                return Err(Undecided::Busy);
            }
        }
        Err(self.gone(id).await)
    }

    /// What became of something that does not wait.
    pub async fn gone(&self, id: i64) -> Undecided {
        let read = move |reader: &Reader| Ok((reader.waited(id)?, reader.votes(id)?));
        match self.store.read(read).await {
            Ok((waited, votes)) => Undecided::Gone(tell::gone(id, waited.as_ref(), &votes)),
            Err(error) => Undecided::Store(error),
        }
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
