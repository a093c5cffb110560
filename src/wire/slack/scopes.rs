//! The rights that the bot needs, each with what it is for: the app's manifest and `doctor` are checked against this.

/// A right of the bot token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    /// Its name.
    pub name: &'static str,
    /// What goes without it.
    pub without: &'static str,
    /// Whether nothing at all works without it.
    pub vital: bool,
}

const fn vital(name: &'static str, without: &'static str) -> Scope {
    Scope { name, without, vital: true }
}

const fn scope(name: &'static str, without: &'static str) -> Scope {
    Scope { name, without, vital: false }
}

/// All rights of the bot token, by name.
pub const SCOPES: &[Scope] = &[
    scope("app_mentions:read", "mentions are not heard where the bot is no member"),
    scope("channels:history", "nothing is heard in public channels"),
    scope("channels:read", "channels have no names, and `#name` finds none"),
    vital("chat:write", "the bot cannot answer"),
    scope("commands", "there is no `/chatops`"),
    scope("files:write", "long output cannot be sent as a file"),
    scope("groups:history", "nothing is heard in private channels"),
    scope("groups:read", "private channels have no names, and `#name` finds none"),
    scope("im:history", "direct messages are not heard"),
    scope("im:read", "what was said in direct messages during an outage is not found"),
    scope("im:write", "the bot cannot begin a direct message"),
    scope("mpim:history", "nothing is heard in group messages"),
    scope("mpim:read", "group messages have no names"),
    scope("reactions:write", "the option REACT does nothing"),
    scope("users:read", "people have no names in the history"),
];

/// The right of the app-level token.
pub const APP_SCOPE: &str = "connections:write";

/// The events that the app subscribes to.
pub const EVENTS: &[&str] =
    &["app_mention", "message.channels", "message.groups", "message.im", "message.mpim"];
