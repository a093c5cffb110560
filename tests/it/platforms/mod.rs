//! Every chat service that the bot speaks to, behind one face, so that one suite of scenarios runs for all of them.
//! A service is a real server where there is one (IRC), the program's own end (terminal), else a strict stand-in
//! in `support` that speaks the published protocol.

#[cfg(feature = "discord")]
pub(crate) mod discord;
mod irc;
mod list;
pub(crate) mod mattermost;
mod memory;
pub(crate) mod rocketchat;
pub(crate) mod slack;
mod soak;
mod stage;
mod storms;
mod suite;
mod table;
mod talk;
mod terminal;
mod trust;
mod volumes;
mod web;

use std::time::Duration;

use crate::support::bot::Home;
use stage::Running;
pub(crate) use stage::home;

/// Where something is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Where {
    /// The shared room `#ops`.
    Ops,
    /// A direct conversation between the bot and who speaks.
    Direct,
    /// A thread in `#ops` that a person began.
    Thread,
}

/// Who says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    /// An admin: `CHATOPS_ADMINS` holds the id.
    Alice,
    /// Nobody special.
    Bob,
    /// Somebody whose display name is `alice`.
    Mallory,
    /// Another bot.
    OtherBot,
    /// The bot under test itself, as the service echoes it.
    Myself,
}

/// What goes wrong, from the moment it is told until `Platform::mend`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The connection is cut without a word; a new one is taken at once.
    Abort,
    /// The connection is closed as the protocol has it; a new one is taken at once.
    Close,
    /// The service asks for a new connection: Slack's `refresh_requested`, Discord's op 7.
    Refresh,
    /// The connection stays open and nothing passes any more, in either direction.
    Freeze,
    /// Every HTTP request and upgrade gets 503 with a page of HTML.
    Html503,
    /// Nothing listens any more.
    Down,
    /// The next so many sends get 429 with this `Retry-After`.
    Limited(usize, Duration),
    /// Credentials are refused from now on.
    Revoked,
    /// The bot was removed from `#ops`; sends there fail as the service words it.
    Removed,
    /// `#ops` was archived.
    Archived,
    /// `#ops` has another name.
    Renamed,
}

/// One message of the bot as people see it now, edits applied.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Shown {
    /// The service's id of it.
    pub(crate) id: String,
    /// Where it stands.
    pub(crate) room: String,
    /// The thread it stands in.
    pub(crate) thread: Option<String>,
    /// All its text, attachments and embeds included, one piece a line.
    pub(crate) text: String,
    /// How often it was edited.
    pub(crate) edits: usize,
    /// The buttons: label and what the service sends back when one is pressed.
    pub(crate) buttons: Vec<(String, String)>,
    /// The names and contents of its files.
    pub(crate) files: Vec<(String, Vec<u8>)>,
    /// Whether only one person sees it.
    pub(crate) whispered: bool,
    /// The reactions of the bot to a person's message are messages of their own here: text is `:name:`.
    pub(crate) reaction_to: Option<String>,
}

/// One chat service as the suite uses it. All calls are quick; what waits is polled by the suite.
pub(crate) trait Platform: Send + Sync {
    /// The kind of the adapter.
    fn kind(&self) -> &'static str;
    /// What `chatops.env` holds for it, `CHATOPS_ADMINS` for alice included.
    fn settings(&self) -> Vec<(String, String)>;
    /// How the service shows somebody's stable id, `adapter:id` without the adapter.
    fn id_of(&self, who: Who) -> String;
    /// Somebody says something; gives the service's id of the message.
    fn say(&self, who: Who, place: Where, text: &str) -> String;
    /// The same with a mention of the bot in front, as the service marks it.
    fn mention(&self, who: Who, place: Where, text: &str) -> String;
    /// The service delivers a message a second time, the way it really does. Whether it ever does.
    fn again(&self, id: &str) -> bool;
    /// The author edits a message. Whether the service has edits.
    fn edit(&self, id: &str, text: &str) -> bool;
    /// Somebody presses a button of a message of the bot. Whether the service has buttons.
    fn press(&self, who: Who, message: &str, value: &str) -> bool;
    /// Somebody takes another display name. Whether people have such.
    fn renames(&self, _who: Who, _name: &'static str) -> bool {
        false
    }
    /// How long the service wants between two lives of the bot.
    fn rests(&self) -> Duration {
        Duration::ZERO
    }
    /// The bot was started again on the same home.
    fn restarted(&self) {}
    /// Something goes wrong. Whether that can happen on this service.
    fn fault(&self, fault: Fault) -> bool;
    /// All is well again.
    fn mend(&self);
    /// The messages of the bot, oldest first, as people see them now.
    fn shown(&self) -> Vec<Shown>;
    /// How many sessions were opened since the start.
    fn sessions(&self) -> usize;
    /// What the bot sent that the published protocol does not allow; must stay empty.
    fn breaches(&self) -> Vec<String>;

    /// Starts the whole bot on `home`, which holds the commands of the suite.
    fn begin(&self, home: Home) -> Running {
        self.start_with(home, self.settings())
    }
    /// The same with other settings.
    fn start_with(&self, home: Home, settings: Vec<(String, String)>) -> Running {
        let bot = Running::program(home, settings);
        self.begun(&bot);
        bot
    }
    /// A bot was started with these settings, perhaps on other platforms too.
    fn begun(&self, _bot: &Running) {}
    /// Whether the service has such a place.
    fn has(&self, _place: Where) -> bool {
        true
    }
    /// Whether the service can have such a person.
    fn knows(&self, _who: Who) -> bool {
        true
    }
    /// Whether the bot hears what was said while it was away.
    fn keeps(&self) -> bool {
        true
    }
    /// The bot is in so many more rooms, from its next start on. Whether there can be more than one.
    fn crowd(&self, _rooms: usize) -> bool {
        false
    }
    /// What no client expects comes in: unknown types of events, frames that are no messages. Whether there
    /// can be such.
    fn garble(&self) -> bool {
        false
    }
}

/// Starts a platform; `None`, and said, where its server is not installed.
pub(crate) type Start = fn() -> Option<Box<dyn Platform>>;

/// Every adapter of the suite: its word, and how its platform starts.
pub(crate) const ADAPTERS: &[(&str, Start)] = &[
    ("irc", irc::start),
    #[cfg(feature = "discord")]
    ("discord", discord::start),
    ("mattermost", mattermost::start),
    ("rocketchat", rocketchat::start),
    ("slack", slack::start),
    ("memory", memory::start),
    ("terminal", terminal::start),
    ("web", web::start),
];

/// Where an adapter degrades to something else than the row of the scenario says: adapter, scenario, what it does.
pub(crate) const INSTEAD: &[(&str, &str, &str)] = &[];
