//! Events come in, rules decide who hears of them, couriers deliver. Committed before it is accepted.

mod accept;
mod cache;
mod configure;
mod counters;
mod courier;
mod escalate;
mod expand;
mod explain;
mod gather;
mod listen;
mod meta;
mod pace;
mod room;
mod service;
mod trial;
mod wording;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::warn;

pub use accept::{Accepted, Incoming, NotTaken, Once};
pub use configure::{Patch, Unfit};
pub use counters::Counters;
pub use explain::{Explained, subject};
pub use pace::State;
pub use room::read as place;
pub use service::{ServiceTest, TEST_OPTIONS};
pub use trial::Tested;

use super::choices::Choices;
use super::home::{Home, Homes, Way};
use super::outbox::Outbox;
use crate::model::Timestamp;
use crate::net::World;
use crate::notifier::Configured;
use crate::route::Muted;
use crate::store::{Reader, Store, StoreError};
use cache::{Cache, Known};
use courier::Courier;

/// The name of a notifier in slots and deliveries.
pub fn notifier_name(name: &str) -> String {
    format!("notifier/{name}")
}

/// Between two looks at subjects that may be overdue, when nothing rings.
const LOOK: Duration = Duration::from_secs(60);

/// Accepts events and sees to their delivery.
pub struct Notify {
    store: Store,
    homes: Arc<Homes>,
    outbox: Arc<Outbox>,
    choices: Arc<Choices>,
    world: World,
    muted: RwLock<Arc<Vec<Muted>>>,
    cache: Cache,
    couriers: Mutex<BTreeMap<String, Running>>,
    tasks: TaskTracker,
    quit: CancellationToken,
    /// Options that are only tried, by notifier and mark.
    trials: Mutex<BTreeMap<(String, String), Way>>,
    /// Notifiers of which it was told that they keep failing.
    complaints: Mutex<BTreeSet<String>>,
    /// What was done since the start.
    counters: Counters,
    this: Weak<Self>,
}

/// A courier at work.
struct Running {
    courier: Arc<Courier>,
    stop: CancellationToken,
}

/// How a notifier stands.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct NotifierHealth {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: &'static str,
    /// What it is for.
    pub description: String,
    /// Whether it takes part.
    pub enabled: bool,
    /// Where it sends.
    pub targets: Vec<String>,
    /// `up`, `failing`, `resting`; `off` when it does not take part.
    pub state: &'static str,
    /// Since when it fails.
    pub failing_since: Option<Timestamp>,
    /// What it said last when it failed.
    pub last_error: Option<String>,
}

impl NotifierHealth {
    /// One for which something waits, and which is configured no longer.
    pub fn stranded(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            kind: "",
            description: "not in notifiers.yaml any more".to_owned(),
            enabled: false,
            targets: Vec::new(),
            state: "stranded",
            failing_since: None,
            last_error: None,
        }
    }
}

impl Notify {
    /// Ready to accept; couriers start with [`Notify::run`].
    pub fn new(
        store: Store,
        homes: Arc<Homes>,
        outbox: Arc<Outbox>,
        choices: Arc<Choices>,
        world: World,
    ) -> Arc<Self> {
        Arc::new_cyclic(|this| Self {
            store,
            homes,
            outbox,
            choices,
            world,
            muted: RwLock::default(),
            cache: Cache::default(),
            couriers: Mutex::default(),
            tasks: TaskTracker::new(),
            quit: CancellationToken::new(),
            trials: Mutex::default(),
            complaints: Mutex::default(),
            counters: Counters::default(),
            this: this.clone(),
        })
    }

    /// Starts a courier for each notifier and keeps to the configuration when it changes; looks after subjects that
    /// are overdue.
    pub async fn run(self: &Arc<Self>) {
        self.refresh().await;
        self.recall().await;
        self.settle_couriers(&self.homes.current());
        let (this, mut changes) = (self.clone(), self.homes.subscribe());
        self.tasks.spawn(self.quit.clone().run_until_cancelled_owned(async move {
            while changes.changed().await.is_ok() {
                let home = changes.borrow_and_update().clone();
                this.settle_couriers(&home);
            }
        }));
        let this = self.clone();
        self.tasks.spawn(self.quit.clone().run_until_cancelled_owned(async move { this.watch().await }));
        let this = self.clone();
        self.tasks.spawn(self.quit.clone().run_until_cancelled_owned(async move { this.gather().await }));
    }

    /// What was done since the start.
    pub const fn counters(&self) -> &Counters {
        &self.counters
    }

    fn couriers(&self) -> MutexGuard<'_, BTreeMap<String, Running>> {
        self.couriers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn complaints(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.complaints.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn configured(&self, name: &str) -> Option<Arc<Configured>> {
        self.homes.current().notifying.notifiers().get(name).cloned()
    }

    /// A courier for each notifier that is on, none for the others. What waits for one that is off stays.
    fn settle_couriers(self: &Arc<Self>, home: &Home) {
        let on = |name: &str| home.notifying.notifiers().get(name).is_some_and(|it| it.enabled);
        let mut couriers = self.couriers();
        couriers.retain(|name, running| {
            let stays = on(name);
            if !stays {
                running.stop.cancel();
            }
            stays
        });
        for name in home.notifying.notifiers().keys().filter(|name| on(name)) {
            if !couriers.contains_key(name) {
                let stop = self.quit.child_token();
                let courier = Arc::new(Courier::new(name, self, stop.clone()));
                self.tasks.spawn(courier.clone().run());
                couriers.insert(name.clone(), Running { courier, stop });
            }
        }
    }

    /// Reads the silences again; call it when one was written.
    pub async fn refresh(&self) {
        let now = self.world.now();
        match self.store.read(move |reader| reader.silences(Some(now))).await {
            Ok(silences) => {
                let parsed = silences.iter().filter_map(|silence| {
                    let muted = Muted::parse(silence);
                    muted.map_err(|why| warn!(silence = silence.id, why, "a silence is not understood")).ok()
                });
                *self.muted.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(parsed.collect());
            }
            Err(error) => warn!(%error, "the silences cannot be read"),
        }
    }

    fn muted(&self) -> Arc<Vec<Muted>> {
        self.muted.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How every notifier stands.
    pub fn health(&self) -> Vec<NotifierHealth> {
        let home = self.homes.current();
        let couriers = self.couriers();
        let one = |(name, it): (&String, &Arc<Configured>)| {
            let courier = couriers.get(name).map(|running| running.courier.standing());
            NotifierHealth {
                name: name.clone(),
                kind: it.service.kind(),
                description: it.description.clone(),
                enabled: it.enabled,
                targets: it.service.targets(),
                state: courier.as_ref().map_or("off", |(state, ..)| state.word()),
                failing_since: courier.as_ref().and_then(|(_, since, _)| *since),
                last_error: courier.and_then(|(.., error)| error),
            }
        };
        home.notifying.notifiers().iter().map(one).collect()
    }

    /// Waits until what is due now was tried, at most as long as the caller waits.
    pub async fn drained(&self) {
        let couriers: Vec<_> = self.couriers().values().map(|running| running.courier.clone()).collect();
        for courier in couriers {
            courier.drained().await;
        }
    }

    /// Ends the couriers; what is on the way is waited for as long as the caller waits.
    pub async fn stop(&self) {
        self.quit.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Tells of subjects that began and did not end in time, and of those that have calmed down.
    async fn watch(self: Arc<Self>) {
        let mut bell = self.store.overdue_bell();
        loop {
            bell.mark_unchanged();
            let Some(wait) = self.look().await else { return };
            tokio::select! {
                changed = bell.changed() => if changed.is_err() { return },
                () = self.world.sleep(wait) => {}
            }
        }
    }

    /// Tells what is overdue now; for how long there is nothing more to tell, `None` when the store is closed.
    async fn look(&self) -> Option<Duration> {
        let now = self.world.now();
        let read = move |reader: &Reader| Ok((reader.subjects_overdue(now, 100)?, reader.next_overdue()?));
        let (overdue, next) = match self.store.read(read).await {
            Ok(found) => found,
            Err(StoreError::Closed) => return None,
            Err(error) => {
                warn!(%error, "overdue subjects cannot be read");
                return Some(LOOK);
            }
        };
        let mut told = false;
        for subject in &overdue {
            told |= self.overdue(subject).await;
        }
        // What is overdue and cannot be told (its event is gone) must not keep the bot busy.
        let shortest = if overdue.is_empty() || told { Duration::from_millis(100) } else { LOOK };
        Some(next.map_or(LOOK, |next| next.since(now).min(LOOK)).max(shortest))
    }
}
