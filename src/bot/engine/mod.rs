//! Submits, runs, cancels and recovers executions.
//!
//! Recorded first: nothing outside the process starts before its execution is committed. One
//! dispatcher takes the orders in the order in which they were given, so each person's commands start
//! in order; from there on nobody waits for anybody, but for limits and locks.

mod announce;
mod buttons;
mod by_rule;
mod close;
mod code;
mod desk;
mod durations;
mod files;
mod finish;
mod flow;
mod job;
mod kill;
mod lend;
mod listing;
mod load;
mod model;
mod order;
mod park;
mod prepare;
mod preview;
mod rehearse;
mod render;
mod repeat;
mod replies;
mod resume;
mod run;
mod vote;
mod watch;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify as Bell, broadcast, mpsc, oneshot};
use tracing::{info, warn};

pub use announce::RULE;
pub use buttons::again;
pub use by_rule::depth;
pub use code::{NotProved, Proved};
pub use durations::{Durations, ENDS, Histogram};
pub use flow::{Cut, GoesOn, NoFlow};
pub use kill::NotOpen;
pub use load::{Hold, Limits};
pub use model::{api_model, describe};
pub use order::{Asker, Ended, Listed, Order, Proof};
pub use prepare::{Given, Refusal, prepare};
pub use rehearse::{Rehearsed, rehearse, sample};
pub use render::Ack;
pub use repeat::{NotAgain, repeat};
pub use replies::Replies;
pub use vote::Decided;
pub use watch::Watch;

use super::approvals::Approvals;
use super::choices::Choices;
use super::factors::Factors;
use super::home::Homes;
use super::notify::Notify;
use super::outbox::Outbox;
use super::reply;
use crate::model::Noun;
use crate::net::World;
use crate::runner::{self, Effect};
use crate::store::{Change, Done, Store, StoreError, What};
use job::Job;
use load::Load;
use park::Parked;

/// Orders that wait to be recorded; past this number people are told to try again.
const MOST_ORDERS: usize = 4096;

/// Executions that wait for a free place or a lock; past this number people are told to try again.
const MOST_WAITING: usize = 1000;

/// Announcements that a slow listener may be behind.
const MOST_ANNOUNCED: usize = 256;

/// How many of the last lines of a running command are shown.
const TAIL: usize = 10;

/// Runs what people asked for.
pub struct Engine {
    store: Store,
    outbox: Arc<Outbox>,
    choices: Arc<Choices>,
    notify: Arc<Notify>,
    approvals: Arc<Approvals>,
    homes: Arc<Homes>,
    factors: Factors,
    flows: flow::Flows,
    world: World,
    orders: mpsc::Sender<Recorded>,
    state: Mutex<State>,
    idle: Bell,
    announced: broadcast::Sender<Arc<Effect>>,
    durations: Durations,
}

struct State {
    load: Load,
    /// Waits for its record: what is on the disk is what may start.
    ordered: BTreeMap<i64, Arc<Job>>,
    waiting: VecDeque<Arc<Job>>,
    running: BTreeMap<i64, Arc<Job>>,
    /// Who waits in this life for what waits for somebody's word.
    parked: HashMap<i64, Parked>,
    stopping: bool,
    draining: bool,
}

type Commit = std::pin::Pin<Box<dyn Future<Output = Result<Done, StoreError>> + Send>>;

struct Recorded {
    job: Arc<Job>,
    commit: Commit,
}

/// An order that was taken.
pub struct Submitted {
    /// Its execution.
    pub id: i64,
    /// How it ends; dropped without a value when the message had been seen before.
    pub done: oneshot::Receiver<Ended>,
    /// It waits for somebody's word first: ends when that is recorded, or could not be.
    pub asked: Option<tokio::task::JoinHandle<()>>,
}

impl Engine {
    /// An engine with nothing to do; its dispatcher ends with it.
    pub fn start(
        store: Store,
        outbox: Arc<Outbox>,
        choices: Arc<Choices>,
        notify: Arc<Notify>,
        world: World,
        homes: Arc<Homes>,
        limits: Limits,
    ) -> Arc<Self> {
        let (orders, inbox) = mpsc::channel(MOST_ORDERS);
        let state = State {
            load: Load::new(limits),
            ordered: BTreeMap::new(),
            waiting: VecDeque::new(),
            running: BTreeMap::new(),
            parked: HashMap::new(),
            stopping: false,
            draining: false,
        };
        let approvals =
            Approvals::new(store.clone(), outbox.clone(), choices.clone(), notify.clone(), world.clone());
        let engine = Arc::new(Self {
            approvals,
            homes,
            factors: Factors::new(store.clone(), world.clone()),
            flows: flow::Flows::default(),
            store,
            outbox,
            choices,
            notify,
            world,
            orders,
            state: Mutex::new(state),
            idle: Bell::new(),
            announced: broadcast::channel(MOST_ANNOUNCED).0,
            durations: Durations::default(),
        });
        tokio::spawn(dispatch(Arc::downgrade(&engine), inbox));
        engine
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What actions announce from here on, secrets cut.
    pub fn announcements(&self) -> broadcast::Receiver<Arc<Effect>> {
        self.announced.subscribe()
    }

    /// Changes the limits; what runs goes on.
    pub fn set_limits(self: &Arc<Self>, limits: Limits) {
        self.lock().load.set_limits(limits);
        self.pump();
    }

    /// Records an order and starts it when its turn comes. Returns at once. What runs inside the
    /// process and ends at once is answered before this returns.
    pub fn submit(self: &Arc<Self>, order: Order) -> Submitted {
        let id = self.store.id(Noun::Execution);
        self.submit_as(id, order)
    }

    /// The same under a number that was taken for it.
    pub fn submit_as(self: &Arc<Self>, id: i64, order: Order) -> Submitted {
        let (done, ended) = oneshot::channel();
        let waits = order.waits_first();
        // The end of a step is committed with what its workflow makes of it: it begins as all others do.
        let instant = !waits && order.step.is_none() && runner::is_instant(&order.prepared.runner);
        let job = Arc::new(Job { instant, ..Job::new(id, self.world.now(), order, vec![done]) });
        // Whoever asks looks before; what is due by itself (schedules, rules, stages of a pipe) meets it here.
        if job.order.step.is_none() && self.is_draining() {
            self.turn_away(&job, &Refusal::Draining.to_string());
            return Submitted { id, done: ended, asked: None };
        }
        if waits {
            let asked = Some(tokio::spawn(self.clone().ask_first(job)));
            return Submitted { id, done: ended, asked };
        }
        if instant {
            run::instantly(self, &job);
            return Submitted { id, done: ended, asked: None };
        }
        let begin = job.begin(job.execution());
        let commit = Box::pin(self.store.write(Change::Begin(Box::new(begin))));
        self.lock().ordered.insert(id, job.clone());
        if let Err(error) = self.orders.try_send(Recorded { job, commit }) {
            let job = match error {
                mpsc::error::TrySendError::Full(recorded) | mpsc::error::TrySendError::Closed(recorded) => {
                    recorded.job
                }
            };
            self.lock().ordered.remove(&id);
            self.give_up(&job, "too many commands wait to be recorded, try again in a moment");
        }
        Submitted { id, done: ended, asked: None }
    }

    /// A committed order starts, waits, or is turned away.
    fn admit(self: &Arc<Self>, job: Arc<Job>) {
        let mut state = self.lock();
        state.ordered.remove(&job.id);
        if state.stopping {
            drop(state);
            return self.give_up(&job, "the bot is stopping");
        }
        if job.stop.is_cancelled() {
            drop(state);
            return self.finish(&job, run::canceled(&job));
        }
        // Whoever waited before goes first, also into a place that was freed this moment.
        self.begin_waiting(&mut state);
        let hold = state.load.hold(&job.order.asker.person, job.order.lock.as_deref(), job.weight());
        let Some(hold) = hold else {
            self.begin(&mut state, job);
            return;
        };
        if state.waiting.len() >= MOST_WAITING {
            drop(state);
            return self.give_up(&job, "too many commands wait already, try again later");
        }
        let ahead = state.waiting.len();
        let holder = match &hold {
            Hold::Lock { holder, .. } => state.running.get(holder).map(|job| job.order.asker.name.clone()),
            Hold::Total(_) | Hold::Person(_) => None,
        };
        state.waiting.push_back(job.clone());
        drop(state);
        let post = match &hold {
            Hold::Lock { name, holder: id } => reply::waits_for_lock(job.id, name, *id, holder.as_deref()),
            Hold::Total(1) => reply::waits_for_place(job.id, "1 command runs already", ahead),
            Hold::Total(many) => {
                reply::waits_for_place(job.id, &format!("{many} commands run already"), ahead)
            }
            Hold::Person(1) => reply::waits_for_place(job.id, "1 of your commands runs already", ahead),
            Hold::Person(many) => {
                reply::waits_for_place(job.id, &format!("{many} of your commands run already"), ahead)
            }
        };
        let post = self.with_kill(&job, post);
        self.say_volatile(&job, post, false);
    }

    fn begin(self: &Arc<Self>, state: &mut State, job: Arc<Job>) {
        state.load.begin(job.id, &job.order.asker.person, job.order.lock.as_deref(), job.weight());
        state.running.insert(job.id, job.clone());
        let (execution, at) = (job.id, self.world.now());
        self.store.record(Change::Start { execution, at });
        self.store.record(Change::Audit(Box::new(job.entry(What::Started, at, job.audit_body()))));
        match job.is_flow() {
            true => drop(tokio::spawn(flow::run(self.clone(), job))),
            false => drop(tokio::spawn(run::to_the_end(self.clone(), job))),
        }
    }

    /// A workflow of an earlier life holds what it held.
    fn take_up(&self, job: &Arc<Job>) {
        let mut state = self.lock();
        state.load.begin(job.id, &job.order.asker.person, job.order.lock.as_deref(), job.weight());
        state.running.insert(job.id, job.clone());
    }

    /// Starts what waits and may start now, in order.
    fn pump(self: &Arc<Self>) {
        self.begin_waiting(&mut self.lock());
    }

    fn begin_waiting(self: &Arc<Self>, state: &mut State) {
        let mut index = 0;
        while let Some(job) = state.waiting.get(index) {
            let held = state.load.hold(&job.order.asker.person, job.order.lock.as_deref(), job.weight());
            if held.is_some() {
                index += 1;
            } else if let Some(job) = state.waiting.remove(index) {
                self.begin(state, job);
            }
        }
    }
}

/// Takes orders as they were given; each starts once it is committed. Commits come in the same
/// order and in groups, so waiting for one after another holds nobody up.
async fn dispatch(engine: std::sync::Weak<Engine>, mut inbox: mpsc::Receiver<Recorded>) {
    while let Some(Recorded { job, commit }) = inbox.recv().await {
        let committed = commit.await;
        let Some(engine) = engine.upgrade() else { return };
        match committed {
            Ok(Done::Repeated(first)) => {
                engine.lock().ordered.remove(&job.id);
                info!(first, "a message came again and is not run again");
            }
            Ok(_) => engine.admit(job),
            Err(error) => {
                engine.lock().ordered.remove(&job.id);
                warn!(%error, execution = job.id, "a command was not recorded, so it was not run");
                engine.turn_away(&job, &format!("I cannot record this command, so it was not run: {error}"));
            }
        }
    }
}
