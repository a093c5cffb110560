//! Two-way connections to chat services: one file each, one row in the list below, one page in
//! `docs/adapters`.
//!
//! An adapter is one *session*: connect, authenticate, hear, send, until the connection ends.
//! Reconnecting, jitter, the outgoing queue and what survives a session live once, in `bot::link`.

#[cfg(feature = "discord")]
pub mod discord;
pub mod irc;
mod list;
pub mod mattermost;
pub mod memory;
mod options;
mod plain;
#[cfg(test)]
mod rendered;
pub mod rocketchat;
pub mod slack;
pub mod terminal;
pub mod web;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::model::{AdapterName, Handle, Message, MessageKey, Person, Place, Receipt, SendError, Slot};
use crate::net::World;
use crate::text::Post;
pub use crate::text::{Limit, Unit};

pub use list::{Audience, CATALOGUE, Row, Service, for_people};

/// What a service can do; a capability is data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Abilities {
    /// The longest text of one message.
    pub longest: Limit,
    /// Whether an earlier message can be changed.
    pub edits: bool,
    /// Whether a room has threads.
    pub threads: bool,
    /// Whether messages carry buttons.
    pub buttons: bool,
    /// Whether files can be sent.
    pub files: bool,
    /// Whether a message can be reacted to.
    pub reactions: bool,
    /// How many messages may be on the way at once.
    pub in_flight: usize,
}

/// What an adapter tells the bot. Synchronous, so that a full inbox can never stop a pong.
pub trait Ears: Send + Sync {
    /// Somebody said something.
    fn heard(&self, message: Message);
    /// Somebody pressed a button. Called at most once for each press, after the service has its acknowledgement.
    fn pressed(&self, press: Press);
    /// The session is up: what the service can do as known by now, and who the bot is there (its
    /// nick or mention name, by which people address it beside its configured name).
    fn up(&self, abilities: Abilities, me: Vec<String>);
    /// Where an earlier process left off; `None` at first, and where nothing is kept.
    fn left_off(&self) -> Boxed<'_, Option<LeftOff>> {
        Box::pin(std::future::ready(None))
    }
    /// Everything up to `mark` was heard, whatever that is to the adapter: kept for [`Ears::left_off`].
    fn reached(&self, _mark: String) -> Boxed<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

/// Where an adapter left off when its process ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOff {
    /// The last mark that it had reached.
    pub mark: String,
    /// Where commands were given, the latest first: rooms, and threads in them. At most 100.
    pub places: Vec<(String, Option<String>)>,
}

/// Somebody pressed a button that a [`Choice`](crate::text::Choice) was shown as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Press {
    /// Its identity: the service's id of the press in the room. What answers it names this key.
    pub key: MessageKey,
    /// Who pressed, as the service proves it.
    pub person: Person,
    /// How the service shows that person.
    pub name: String,
    /// Where the button stands.
    pub place: Place,
    /// How the service shows the room, where that is not its id.
    pub room_name: Option<String>,
    /// The nonce of the choice; whatever a client sent, so it may be forged.
    pub nonce: String,
    /// The message that carries the button.
    pub on: Option<Handle>,
}

/// A reaction to the message that an [`Answer`] names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// Heard, and under way.
    Working,
    /// It went well.
    Good,
    /// It failed or was refused.
    Bad,
}

/// A request that a service makes of the bot's own HTTP listener: a button of Mattermost, a slash command. Reaches
/// the adapter under `/chat/<adapter name>/<path>`.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    /// `POST`, mostly.
    pub method: &'a str,
    /// What stands behind the adapter's name, without a slash in front.
    pub path: &'a str,
    /// A header by its lower-case name.
    pub header: &'a (dyn Fn(&str) -> Option<&'a str> + Send + Sync),
    /// The body, at most 1 MiB.
    pub body: &'a [u8],
}

/// What a service gets for its [`Call`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Returned {
    /// The status: 200, 400, 401, 404.
    pub status: u16,
    /// The body as JSON; empty for none.
    pub body: String,
}

impl Returned {
    /// Nothing of that name.
    pub fn nowhere() -> Self {
        Self { status: 404, body: String::new() }
    }
}

/// One thing that `chatops doctor` learned of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// How it stands.
    pub well: Well,
    /// What was looked at and found, one sentence.
    pub found: String,
    /// What to click or run where it is not well.
    pub help: Option<String>,
}

/// How a [`Check`] stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Well {
    /// As it should be.
    Good,
    /// Something will not work.
    Warning,
    /// Nothing will work.
    Bad,
}

/// Why a session ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// Told to stop, and said good-bye.
    Stopped,
    /// The connection is gone: try again at once.
    Lost(String),
    /// Credentials or rights were refused: retried slowly, said once.
    Refused(String),
}

/// Where a parcel stands in the answer to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The message it answers.
    pub key: MessageKey,
    /// Whether nothing more follows.
    pub last: bool,
    /// Whether what was asked went well; meaningful with `last`.
    pub good: bool,
}

/// One message on its way out.
#[derive(Debug, Clone)]
pub struct Parcel {
    /// The slot it fills.
    pub slot: Slot,
    /// Where it goes.
    pub place: Place,
    /// What it says.
    pub post: Arc<Post>,
    /// A reaction to the message that `answer` names, instead of the post, which is empty then. Only adapters
    /// whose abilities have reactions get one.
    pub sign: Option<Sign>,
    /// The message to edit.
    pub earlier: Option<Handle>,
    /// What it answers, if it answers a message.
    pub answer: Option<Answer>,
    /// Its delivery, where it is stored.
    pub delivery: Option<i64>,
}

/// A future that is boxed for use behind `dyn`.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The outgoing queue of one adapter, as the bot implements it.
pub trait Outlet: Send + Sync {
    /// The next parcel; waits until there is one. Safe to drop.
    fn next(&self) -> Boxed<'_, Parcel>;
    /// What became of a parcel.
    fn settle(&self, parcel: Parcel, outcome: Result<Receipt, SendError>);
    /// The parcel goes back to the head of the queue.
    fn give_back(&self, parcel: Parcel);
}

/// What an adapter's session is given.
#[derive(Clone)]
pub struct Link {
    /// The instance.
    pub name: AdapterName,
    /// The bot's own name, as configured.
    pub bot: String,
    /// Time and randomness.
    pub world: World,
    /// Cancelled when the bot stops or the adapter's options changed.
    pub stop: CancellationToken,
    /// What hears.
    pub ears: Arc<dyn Ears>,
    /// What is to be said.
    pub outlet: Arc<dyn Outlet>,
}

impl Link {
    /// The next parcel to send. Safe to drop: an unsettled ticket returns to the head of the queue.
    pub async fn next(&self) -> Ticket {
        let parcel = self.outlet.next().await;
        Ticket { parcel: Some(parcel), outlet: self.outlet.clone() }
    }
}

/// A parcel in an adapter's hands; dropped unsettled, it returns to the head of the queue.
pub struct Ticket {
    parcel: Option<Parcel>,
    outlet: Arc<dyn Outlet>,
}

impl Ticket {
    /// What is to be sent.
    pub fn parcel(&self) -> &Parcel {
        self.parcel.as_ref().expect("a ticket holds its parcel until it is settled")
    }

    /// Tells what became of it.
    pub fn settle(mut self, outcome: Result<Receipt, SendError>) {
        if let Some(parcel) = self.parcel.take() {
            self.outlet.settle(parcel, outcome);
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if let Some(parcel) = self.parcel.take() {
            self.outlet.give_back(parcel);
        }
    }
}

/// One option of an adapter: `CHATOPS_<KIND>_<NAME>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OptionRow {
    /// The last part of the variable's name.
    pub name: &'static str,
    /// Whether the adapter is off without it.
    pub required: bool,
    /// What its text is.
    pub holds: Holds,
    /// What it is, with its default.
    pub summary: &'static str,
}

/// What the text of an option is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// Something that may be shown.
    Text,
    /// Something that is never shown.
    Secret,
    /// A file; a relative one begins at the home directory, which the lookup sees to.
    File,
}

/// Finds the text of an option by its name; `None` where it is not set or empty.
pub type Lookup<'a> = &'a mut dyn FnMut(&str) -> Option<String>;

/// A two-way connection to one chat service.
pub trait Adapter: Send + Sync + 'static {
    /// What the service can do, before a session knows better.
    const ABILITIES: Abilities;
    /// What it is, in one line of help.
    const SUMMARY: &'static str;
    /// Its documentation; the first code block is an example of the settings.
    const PAGE: &'static str;
    /// The options that `chatops.env` has for it.
    const OPTIONS: &'static [OptionRow];
    /// Builds it from its options, as text by name; all that is wrong at once, a sentence each.
    fn from_options(lookup: Lookup<'_>) -> Result<Self, Vec<String>>
    where
        Self: Sized;
    /// What is wrong with the options, in one sentence.
    fn check(&self) -> Result<(), String>;
    /// Whether the program is to end when a session does (`EXIT_ON_DISCONNECT`).
    fn exits_on_disconnect(&self) -> bool {
        false
    }
    /// One session, from connecting to its end.
    fn session(&self, link: &Link) -> impl Future<Output = Ended> + Send;
    /// Answers a request of the service to our own listener. Synchronous and quick: what follows is heard or pressed.
    fn call(&self, _link: &Link, _call: &Call<'_>) -> Returned {
        Returned::nowhere()
    }
    /// What `doctor` asks beyond one session: token, scopes, channels, membership, clock. Within 20 s.
    fn examine(&self, _world: &World) -> impl Future<Output = Vec<Check>> + Send {
        std::future::ready(Vec::new())
    }
}
