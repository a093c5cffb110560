//! Writes about events, what is delivered of them, silences and tokens.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::model::{
    Attached, Event, HandlerSpec, KvKey, Override, Pair, Silence, Slot, Subject, Timestamp, TopicEvent,
};

/// An event was told: the event, its subject and its deliveries commit together.
#[derive(Debug, Clone)]
pub struct Accept {
    /// Its id, from [`crate::store::Store::id`].
    pub id: i64,
    /// What was told, secrets masked.
    pub event: Arc<Event>,
    /// Keys that make it count once: the sender's idempotency key, the event's own. Seen for a day. When one was
    /// seen before, nothing is written and the answer is [`super::Done::Repeated`] with the earlier event.
    pub keys: Vec<String>,
    /// How many bytes the sender sent.
    pub raw_size: u64,
    /// SHA-256 of them, in hex.
    pub raw_hash: String,
    /// When it came.
    pub at: Timestamp,
    /// Written only while the subject's `overdue` is at or before this: for what the bot tells by itself. Else
    /// the answer is [`super::Done::Stale`].
    pub overdue: Option<Timestamp>,
    /// Who hears of it.
    pub decide: Decide,
}

/// What routing may look at inside the transaction.
pub trait Scene {
    /// The subject before the event; `None` for a new one.
    fn subject(&self) -> Option<&Subject>;
    /// Subjects whose last outcome is a failure or a warning, at most 10,000, the newest first.
    fn failing(&self) -> Vec<Subject>;
    /// The messages by which others were told of the subject because nobody took care of it.
    fn escalated(&self) -> Vec<Slot>;
    /// What a topic remembers of a thing.
    fn remembered(&self, topic: &str, id: &str) -> Option<TopicEvent>;
}

/// Decides who hears of an event. Called on the store's thread: pure, quick, without panics.
#[derive(Clone)]
pub struct Decide(Arc<MakeRouted>);

type MakeRouted = dyn Fn(&Accept, &dyn Scene) -> Routed + Send + Sync;

impl Decide {
    /// Asks `decide` for each event.
    pub fn new(decide: impl Fn(&Accept, &dyn Scene) -> Routed + Send + Sync + 'static) -> Self {
        Self(Arc::new(decide))
    }

    /// What is to be written beside the event.
    pub fn call(&self, accept: &Accept, scene: &dyn Scene) -> Routed {
        (self.0)(accept, scene)
    }
}

impl fmt::Debug for Decide {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Decide")
    }
}

/// What an event changes.
#[derive(Debug, Clone, Default)]
pub struct Routed {
    /// The subject from now on; `None` leaves what is stored.
    pub subject: Option<Subject>,
    /// What is sent, and what is not although a rule names it.
    pub sends: Vec<Sending>,
    /// What changes in its topics.
    pub topical: Topical,
    /// Whether somebody is to look at it once it is committed; see [`super::Change::Looked`].
    pub fresh: bool,
}

/// What an event changes in topics.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Topical {
    /// What they remember from now on.
    pub remembered: Vec<TopicEvent>,
    /// Topic and handler that gather it, and for how long from the first on.
    pub gathers: Vec<(String, String, Duration)>,
    /// It tells of what this handler of a topic had gathered until then, which is gathered no more.
    pub told: Option<(String, String, Timestamp)>,
}

/// One delivery of an event; the store gives it its id.
#[derive(Debug, Clone, PartialEq)]
pub struct Sending {
    /// Notifier (`notifier/ops-room`), target and lane.
    pub slot: Slot,
    /// What it is for, one word: `event`, `group`, `digest`, `test`.
    pub purpose: String,
    /// How to send it; opaque to the store.
    pub body: Value,
    /// When it may be sent first. Later than now, it is `held`; a delivery that goes at once makes those held before it
    /// in its lane due too, so that it never waits for them.
    pub due: Timestamp,
    /// When sending it is given up.
    pub expires: Timestamp,
    /// It joins the held delivery of the same slot that gathers too, if there is one: that one gets another event,
    /// and keeps its due time and body.
    pub gather: bool,
    /// It is not sent, and why: kept as `dropped`, for the history.
    pub dropped: Option<String>,
}

/// Deliveries to be changed: all conditions that are there must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pick {
    /// One of these.
    pub ids: Vec<i64>,
    /// Of this notifier, as in its slot.
    pub notifier: Option<String>,
    /// Made at or after this.
    pub since: Option<Timestamp>,
    /// Made before this.
    pub before: Option<Timestamp>,
}

/// What is done to deliveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Dead and dropped ones are due again, at the end of their lanes, under the same id; given up after `expires`.
    Replay {
        /// The new end.
        expires: Timestamp,
    },
    /// Dead and dropped ones are removed with their attempts.
    Purge,
    /// Waiting ones are `dropped`.
    Cancel,
}

/// A token of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its id.
    pub id: i64,
    /// What it is called; unique among those that are not revoked.
    pub name: String,
    /// SHA-256 of the token, in hex.
    pub hash: String,
    /// What it may do: `events`, `read`, `deliver`, `run`, `admin`.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created: Timestamp,
    /// Until when it is good.
    pub expires: Option<Timestamp>,
    /// When it was used last, to the minute.
    pub used: Option<Timestamp>,
    /// When it was revoked.
    pub revoked: Option<Timestamp>,
}

/// A change of what people set by command rather than by file; each leaves an audit record.
#[derive(Debug, Clone)]
pub enum Setting {
    /// A silence begins, or an earlier one gets another end.
    Silence(Silence),
    /// A token is made.
    Token(Token),
    /// A token is revoked.
    Revoke {
        /// The token.
        token: i64,
        /// When.
        at: Timestamp,
    },
    /// Somebody takes care of a subject, or (`None`) nobody any more.
    Acknowledge {
        /// The subject's key.
        subject: String,
        /// Who.
        who: Option<crate::model::Acknowledged>,
    },
    /// Somebody listens to a topic; replaces the handler of that name.
    Handler(HandlerSpec),
    /// A handler is removed, with what it gathers.
    NoHandler {
        /// The topic.
        topic: String,
        /// The handler.
        id: String,
    },
    /// A topic is removed: what it remembers, its handlers.
    NoTopic {
        /// The topic.
        topic: String,
    },
    /// A notifier hears of a scope; by its number.
    Attach(Attached),
    /// It does no longer.
    Detach(Attached),
    /// Options of a notifier, for those set before. Empty ones of a notifier of the file are none.
    Override(Override),
    /// Something is granted for a time.
    Grant(crate::model::TimeGrant),
    /// It is taken back.
    Revoked {
        /// The grant.
        grant: i64,
        /// When.
        at: Timestamp,
    },
    /// The second factor of a person, sealed before it is written; `None` takes it away.
    Factor {
        /// Named as access.yaml does, else by id.
        who: String,
        /// What is kept of it.
        body: Option<Vec<u8>>,
        /// When.
        at: Timestamp,
    },
    /// Somebody wants something to happen later.
    NewSchedule(Box<super::NewSchedule>),
    /// A schedule is paused, or goes on.
    Schedule(Box<crate::model::Schedule>),
    /// A room fills in a parameter from now on.
    RoomDefault(super::RoomDefault),
    /// A room fills it in no longer.
    NoRoomDefault {
        /// The adapter.
        adapter: String,
        /// The room.
        room: String,
        /// The parameter.
        name: String,
    },
    /// The bot takes nothing new from now on, or everything again.
    Drain(bool),
    /// A schedule is removed.
    NoSchedule {
        /// The schedule.
        id: i64,
    },
    /// What was set of a notifier is removed.
    NoOverride {
        /// The kind.
        kind: String,
        /// The notifier.
        name: String,
        /// Whether all of it was set.
        added: bool,
    },
    /// A pair of the key-value datastore, for what was there.
    Pair(Pair),
    /// A pair is removed.
    NoPair(KvKey),
}
