//! Taking an event: routed and committed in one step.

use std::sync::Arc;

use tracing::{Instrument, trace_span};

use super::Notify;
use super::cache::Known;
use super::escalate;
use super::expand::expand;
use super::listen;
use crate::bot::home::Home;
use crate::model::{Event, Moment, Noun, Subject, Timestamp};
use crate::route::{self, Asked};
use crate::store::{Accept, BRIEF, Change, Decide, Done, Routed, Scene, Sending, StoreError, Topical};
use crate::telemetry::TARGET;

/// An event on its way in.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// The event, secrets masked.
    pub event: Event,
    /// The sender's own key: the same one again is the same event.
    pub key: Option<String>,
    /// How many bytes came.
    pub raw_size: u64,
    /// Their SHA-256, in hex.
    pub raw_hash: String,
    /// For how long the event's own key makes it count once.
    pub once: Once,
}

/// For how long the same event is a repeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Once {
    /// Its sender tells each event apart.
    #[default]
    InADay,
    /// Its sender does not: the same may happen again, and a double comes at once.
    InAMinute,
}

impl Incoming {
    /// An event that the bot tells itself.
    pub fn own(event: Event) -> Self {
        Self { event, key: None, raw_size: 0, raw_hash: String::new(), once: Once::default() }
    }
}

/// An event that is committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    /// Its id, or that of the same event told before.
    pub id: i64,
    /// How many deliveries wait because of it.
    pub deliveries: usize,
    /// It had been told before: nothing was done.
    pub repeated: bool,
}

/// Why an event was not taken. The sender keeps it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// Too many wait to be written.
    #[error("too many events wait, try again in a moment")]
    Full,
    /// There is no room on the disk.
    #[error("the disk is full, events cannot be recorded")]
    Disk,
    /// The bot is stopping.
    #[error("the bot is stopping")]
    Closed,
    /// Nobody could hear of it: the rules cannot be read.
    #[error("notifiers.yaml cannot be used, see `chatops check`: nobody would hear of it")]
    NoRules,
    /// Something else; the operator's log has it.
    #[error("{0}")]
    Other(String),
}

impl From<StoreError> for NotTaken {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Full => Self::Full,
            StoreError::DiskFull => Self::Disk,
            StoreError::Closed => Self::Closed,
            other => Self::Other(other.to_string()),
        }
    }
}

impl Notify {
    /// Takes an event: when this returns well it is committed, with everything that is to be sent because of it.
    ///
    /// # Errors
    /// Nothing was kept; see [`NotTaken`].
    pub async fn accept(&self, incoming: Incoming) -> Result<Accepted, NotTaken> {
        if self.homes.current().notifying.is_unusable() {
            return Err(NotTaken::NoRules);
        }
        self.accept_for(incoming, Vec::new()).await
    }

    /// Takes an event that goes to these notifiers whatever the rules say, and to whom the rules say.
    ///
    /// # Errors
    /// As [`Notify::accept`].
    pub async fn accept_for(&self, incoming: Incoming, notifiers: Vec<String>) -> Result<Accepted, NotTaken> {
        self.write(self.routed(incoming, notifiers)).await
    }

    /// Keeps an event that nobody is told of, for the history.
    ///
    /// # Errors
    /// As [`Notify::accept`].
    pub async fn keep(&self, incoming: Incoming) -> Result<Accepted, NotTaken> {
        let keys = keys(&incoming);
        self.write(self.prepare(incoming, keys, None, Decide::new(|_, _| Routed::default()))).await
    }

    /// An event of the bot itself, ready to be committed with something else: it goes to those of `names` that are
    /// notifiers, and to whom the rules say.
    pub fn prepare_for(&self, event: Event, names: &[String]) -> Accept {
        let home = self.homes.current();
        let known = |name: &&String| home.notifying.notifiers().get(*name).is_some_and(|it| it.enabled);
        self.routed(Incoming::own(event), names.iter().filter(known).cloned().collect())
    }

    /// An event that goes to whom the rules say, and to these.
    fn routed(&self, incoming: Incoming, also: Vec<String>) -> Accept {
        let keys = keys(&incoming);
        self.prepare(incoming, keys, None, self.by_rules(None, also))
    }

    /// Takes an event that goes where `sends` says, and nowhere else.
    pub(super) async fn accept_to(
        &self,
        incoming: Incoming,
        sends: impl Fn(i64, Timestamp) -> Vec<Sending> + Send + Sync + 'static,
    ) -> Result<Accepted, NotTaken> {
        let decide =
            Decide::new(move |accept, _| Routed { sends: sends(accept.id, accept.at), ..Routed::default() });
        let accept = self.prepare(incoming, Vec::new(), None, decide);
        self.write(accept).await
    }

    /// Tells of a subject by itself: it runs for too long, or has calmed down. Whether something was written.
    pub(super) async fn overdue(&self, subject: &Subject) -> bool {
        let (id, now) = (subject.event, self.world.now());
        let Some(moment) = route::overdue(subject, now) else { return false };
        let Ok(Some(known)) = self.known(id).await else { return false };
        let mut derived = Event { dedup_key: None, at: Some(now), ..(*known.event).clone() };
        if moment == Moment::StillRunning {
            derived.started = derived.started.or(subject.opened);
        }
        let decide = self.by_rules(Some(moment), Vec::new());
        let accept = self.prepare(Incoming::own(derived), Vec::new(), Some(now), decide);
        match self.store.write(Change::Accept(Box::new(accept))).await {
            Ok(done) => !matches!(done, Done::Stale),
            Err(error) => {
                tracing::warn!(subject = subject.key, %error, "an overdue subject was not told");
                false
            }
        }
    }

    /// An event that was accepted; `None` when it is not kept any more.
    pub(super) async fn known(&self, id: i64) -> Result<Option<Known>, StoreError> {
        match self.cache.get(id) {
            Some(known) => Ok(Some(known)),
            None => Ok(self.store.read(move |reader| reader.event(id)).await?.map(Known::from)),
        }
    }

    pub(super) fn prepare(
        &self,
        incoming: Incoming,
        keys: Vec<String>,
        overdue: Option<Timestamp>,
        decide: Decide,
    ) -> Accept {
        let accept = Accept {
            id: self.store.id(Noun::Event),
            event: Arc::new(incoming.event),
            keys,
            raw_size: incoming.raw_size,
            raw_hash: incoming.raw_hash,
            at: self.world.now(),
            overdue,
            decide,
        };
        self.cache.put(Known { id: accept.id, event: accept.event.clone(), at: accept.at });
        accept
    }

    pub(super) async fn write(&self, accept: Accept) -> Result<Accepted, NotTaken> {
        let id = accept.id;
        let span = trace_span!(target: TARGET, "event", event = id, source = accept.event.source, kind = accept.event.kind);
        match self.store.write(Change::Accept(Box::new(accept))).instrument(span).await? {
            Done::Accepted { event, deliveries } => {
                self.counters.accepted();
                Ok(Accepted { id: event, deliveries, repeated: false })
            }
            Done::Repeated(earlier) => {
                self.counters.repeated();
                Ok(Accepted { id: earlier, deliveries: 0, repeated: true })
            }
            _ => Ok(Accepted { id, deliveries: 0, repeated: false }),
        }
    }

    /// Routing by the rules in force now, which runs inside the transaction.
    pub(super) fn by_rules(&self, derived: Option<Moment>, also: Vec<String>) -> Decide {
        let (home, muted) = (self.homes.current(), self.muted());
        Decide::new(move |accept, scene| routed(&home, &muted, derived, &also, accept, scene))
    }
}

fn routed(
    home: &Home,
    muted: &[route::Muted],
    derived: Option<Moment>,
    also: &[String],
    accept: &Accept,
    scene: &dyn Scene,
) -> Routed {
    let rules = &home.notifying.rules;
    let failing = || scene.failing();
    let before = scene.subject();
    let asked = Asked { event: &accept.event, id: accept.id, now: accept.at, derived };
    let outcome = route::decide(rules, muted, &asked, route::Scene { subject: before, failing: &failing });
    let mut sends = expand(home, accept, before, &outcome, also);
    if derived.is_none() {
        escalate::escalate(home, accept, scene, &outcome, &mut sends);
    }
    let fresh = derived.is_none() && rules.reactions.iter().any(|rule| rule.fits(&accept.event));
    // What the bot tells by itself of a subject is no news for its topics.
    let topical = match derived {
        None => listen::heard(home, muted, accept, &outcome, scene, &mut sends),
        Some(_) => Topical::default(),
    };
    Routed { subject: Some(outcome.subject), sends, topical, fresh }
}

/// What makes an event count once: the sender's key, and the event's own.
fn keys(incoming: &Incoming) -> Vec<String> {
    let event = &incoming.event;
    let key = incoming.key.iter().map(|key| format!("event/key/{key}"));
    let word = match incoming.once {
        Once::InADay => "event/own",
        Once::InAMinute => BRIEF,
    };
    let own = event.dedup_key.iter().map(|key| format!("{word}/{}/{key}", event.source));
    key.chain(own).collect()
}
