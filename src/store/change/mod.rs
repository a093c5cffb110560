//! Every write, as data: the store's thread groups them into one commit.

mod event;
mod flow;
mod later;
mod wait;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::model::{
    AdapterName, Chosen, Execution, Handle, MessageKey, Offer, Person, Place, Receipt, SendError, Slot,
    Status, Timestamp,
};

pub use later::{Due, Memo, NewSchedule, Next, RoomDefault};

pub use event::{Accept, Decide, Fate, Pick, Routed, Scene, Sending, Setting, Token, Topical};
pub use flow::Flow;
pub use wait::{Then, Vote, Wait, Waited, Waiting, Word};

/// A write. Changes are carried out in the order in which [`super::Store::write`] was called on their
/// queue; all that are waiting are committed together.
#[derive(Debug, Clone)]
pub enum Change {
    /// A command was accepted: its execution, its message's key, where to resume reading, one audit record.
    Begin(Box<Begin>),
    /// The runner of an execution started.
    Start {
        /// The execution.
        execution: i64,
        /// When.
        at: Timestamp,
    },
    /// An execution ended: status, result, the delivery of its answer, one audit record.
    Finish(Box<Finish>),
    /// A command began and ended inside the process: both in one, its execution written as it ended. A
    /// message seen before gives [`Done::Repeated`].
    Ran(Box<Begin>, Box<Finish>),
    /// An execution waits for somebody's word.
    Wait(Box<Wait>),
    /// A workflow went a step further: the end of what brought it there, and what it knows now, in one.
    Step {
        /// The end of an execution, where that was it.
        finish: Option<Box<Finish>>,
        /// What the workflow knows.
        flow: Box<Flow>,
    },
    /// Somebody had a say in what waits.
    Word(Box<Word>),
    /// Something small is to outlive the process, or need not any more.
    Memo(Box<Memo>),
    /// An answer that must not be lost and belongs to no execution's end.
    Deliver(Box<NewDelivery>),
    /// The service's handle of the message in a slot, as soon as it is known.
    Note {
        /// The slot.
        slot: Slot,
        /// How to find its message.
        handle: Handle,
    },
    /// The buttons of a message that belongs to no delivery stand for this; an earlier offer of its slot is void.
    Offer(Box<Offer>),
    /// The buttons of a slot's message stand for nothing any more.
    Withdraw {
        /// The slot.
        slot: Slot,
    },
    /// Somebody chose; [`Done::Stale`] if that way was over already.
    Choose {
        /// The key of the offer.
        key: String,
        /// The number of the way.
        way: usize,
        /// Who and when.
        chosen: Chosen,
    },
    /// What became of a delivery.
    Settle(Box<Settled>),
    /// One audit record.
    Audit(Box<Entry>),
    /// Where an adapter resumes reading a room.
    Position {
        /// The adapter.
        adapter: AdapterName,
        /// The room.
        room: String,
        /// The adapter's own mark.
        mark: String,
    },
    /// Executions that an earlier life of the bot left open become `abandoned`, with an audit record each.
    Recover {
        /// Now.
        at: Timestamp,
        /// Makes the message to whoever asked; it commits together with the new status, so that it is
        /// neither lost nor made twice if the bot is killed again.
        notice: Notice,
    },
    /// An event was told. Waits in a queue of its own behind people's changes, bounded by number and bytes.
    Accept(Box<Accept>),
    /// What people decide about deliveries, with one audit record. At most 10,000 at once, the oldest first, so that
    /// no commit takes long: if [`Done::Sorted`] says so many, ask again.
    Sort {
        /// Which.
        pick: Pick,
        /// What becomes of them.
        fate: Fate,
        /// When.
        at: Timestamp,
        /// The audit record.
        audit: Box<Entry>,
    },
    /// A setting, with one audit record.
    Set {
        /// Which.
        setting: Box<Setting>,
        /// The audit record.
        audit: Box<Entry>,
    },
    /// Fresh events were looked at: those up to this number are fresh no more.
    Looked {
        /// The number, from [`super::Reader::fresh_events`].
        upto: i64,
    },
    /// The time of a schedule has come: it is claimed, so that it runs at most once.
    Due(Box<Due>),
    /// These notifiers get numbers, unless they have some.
    Number(Vec<String>),
    /// A token was used.
    Used {
        /// The token.
        token: i64,
        /// When.
        at: Timestamp,
    },
    /// What is held for a notifier and whose time has come becomes due. [`super::Claims`] asks for it.
    Ripen {
        /// The notifier, as in its slots.
        notifier: String,
        /// Now.
        at: Timestamp,
    },
    /// The clock was put back: what is to be tried again is tried as much sooner. [`super::Claims`] asks for it.
    Rewind {
        /// Now, by the clock as it is.
        at: Timestamp,
        /// How far it was put back.
        by: Duration,
    },
    /// Removes what is older than the retention allows, and the keys of events after a day; leaves one audit record that
    /// says so. At most some thousands of each at once: ask again until [`Done::Trimmed`] says that none went.
    Trim {
        /// Ended executions, done deliveries, message keys, events that no kept delivery tells of, silences and revoked
        /// tokens that ended before this go; offers a day after they expired.
        history_before: Timestamp,
        /// Audit records before this go; the chain keeps a record of how many and of the MAC where it was cut.
        audit_before: Timestamp,
        /// Now.
        at: Timestamp,
    },
}

/// Makes the message that tells of an abandoned execution, or none. Called on the store's thread: it must
/// neither block nor panic.
#[derive(Clone)]
pub struct Notice(Arc<MakeNotice>);

type MakeNotice = dyn Fn(&Execution) -> Option<NewDelivery> + Send + Sync;

impl Notice {
    /// Asks `make` for each message.
    pub fn new(make: impl Fn(&Execution) -> Option<NewDelivery> + Send + Sync + 'static) -> Self {
        Self(Arc::new(make))
    }

    /// The message for `execution`, which is `abandoned` already.
    pub(in crate::store) fn make(&self, execution: &Execution) -> Option<NewDelivery> {
        (self.0)(execution)
    }
}

impl fmt::Debug for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Notice")
    }
}

/// A command was accepted.
#[derive(Debug, Clone)]
pub struct Begin {
    /// The execution, `requested`.
    pub execution: Execution,
    /// The secret parameters, sealed before they are written; see [`super::Store`].
    pub secrets: Map<String, Value>,
    /// The message that asked for it. When the key was seen before, nothing is written and the answer
    /// is [`Done::Repeated`].
    pub key: Option<MessageKey>,
    /// The adapter's resume mark after that message.
    pub position: Option<String>,
    /// The audit record.
    pub audit: Entry,
}

/// An execution ended.
#[derive(Debug, Clone)]
pub struct Finish {
    /// The execution. Ending it twice is refused with `Done::Stale`.
    pub execution: i64,
    /// A final status.
    pub status: Status,
    /// One sentence, where the status does not say it all.
    pub why: Option<String>,
    /// The result, in the runner's shape, secrets cut.
    pub result: Value,
    /// How many bytes of output there were, also those not kept.
    pub seen_bytes: u64,
    /// When.
    pub at: Timestamp,
    /// The answer to the person who asked.
    pub delivery: Option<NewDelivery>,
    /// What its end tells others, committed with it.
    pub events: Vec<Accept>,
    /// The audit record.
    pub audit: Entry,
}

/// A message to be delivered, surviving restarts until it is settled.
#[derive(Debug, Clone)]
pub struct NewDelivery {
    /// Its id, from [`super::Store::id`].
    pub id: i64,
    /// Where it goes and what it shows.
    pub slot: Slot,
    /// The execution whose answer it is.
    pub execution: Option<i64>,
    /// What it is for, one word: `result`, `abandoned`, `notice`.
    pub purpose: String,
    /// The message, opaque to the store.
    pub body: Value,
    /// What its buttons stand for.
    pub offer: Option<Box<Offer>>,
    /// When it may be sent first.
    pub due: Timestamp,
    /// When sending it is given up.
    pub expires: Timestamp,
}

/// One try of a delivery.
#[derive(Debug, Clone)]
pub struct Settled {
    /// The delivery.
    pub delivery: i64,
    /// When the try began.
    pub at: Timestamp,
    /// How long it took, in milliseconds.
    pub millis: u64,
    /// What the other side said.
    pub outcome: Result<Receipt, SendError>,
    /// When to try again, if the outcome is `Retry` or `Gone` and there is time left; without it the delivery is dead.
    pub again: Option<Timestamp>,
}

/// What an audit record says; the store adds strand, number and MAC.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// What happened.
    pub what: What,
    /// Who did it.
    pub person: Option<Person>,
    /// Where.
    pub place: Option<Place>,
    /// What it was done to: `execution/12`, `config`.
    pub subject: Option<String>,
    /// Everything else: raw text, alias, action, parameters (secrets cut), status, reason.
    pub body: Map<String, Value>,
}

macro_rules! whats {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// The kinds of audit record.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum What { $($(#[$doc])* $name,)* }

        impl What {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The word in the record.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }
    };
}
whats! {
    /// A command was accepted and its execution recorded.
    Asked = "asked",
    /// A built-in command was answered.
    Answered = "answered",
    /// A command was refused: by access, by its parameters, by a limit.
    Refused = "refused",
    /// Something addressed to the bot matched no command.
    Unmatched = "unmatched",
    /// An execution started.
    Started = "started",
    /// An execution ended.
    Finished = "finished",
    /// A person ended an execution.
    Killed = "killed",
    /// An execution waits for somebody's word.
    Pending = "pending",
    /// Somebody approved, or answered a question.
    Approved = "approved",
    /// Somebody denied, or took back what they asked for.
    Denied = "denied",
    /// Nobody said anything in time.
    Expired = "expired",
    /// Something was granted for a time, or taken back.
    Granted = "granted",
    /// A code of a second factor was right or wrong; the code is in no record.
    Proved = "proved",
    /// A person or a client changed a setting: a silence, a token, a delivery's fate.
    Changed = "changed",
    /// The time of a schedule came: it ran, or was missed.
    Due = "due",
    /// The configuration was loaded again, or a reload was refused.
    Reloaded = "reloaded",
    /// The process started.
    Up = "up",
    /// The process stopped in good order.
    Down = "down",
    /// Older records were removed by the retention setting.
    Trimmed = "trimmed",
}

/// What came of a change.
#[derive(Debug, Clone, PartialEq)]
pub enum Done {
    /// Committed.
    Written,
    /// Committed nothing: the message's key was seen before, for this execution.
    Repeated(i64),
    /// Committed: a delivery was settled, and nothing is left in its lane.
    Emptied,
    /// Committed nothing: what it changes had ended already.
    Stale,
    /// Committed; so many executions, deliveries, events, settings and audit records were removed.
    Trimmed(u64),
    /// Committed: this event, and so many deliveries that wait (dropped ones not counted).
    Accepted {
        /// The event.
        event: i64,
        /// How many.
        deliveries: usize,
    },
    /// Committed; so many deliveries were changed.
    Sorted(u64),
    /// Committed; these executions are abandoned now.
    Recovered(Vec<Execution>),
}
