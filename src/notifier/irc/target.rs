//! Who is told on IRC: `#ops`, `#ops:key`, or a nick.

use std::str::FromStr;

use crate::wire::irc::Channel;

/// A channel or a person.
#[derive(Debug)]
pub(super) enum Target {
    /// A channel, perhaps with its key.
    Channel(Channel),
    /// A nick.
    Person(String),
}

impl Target {
    /// The name without the key.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Channel(channel) => &channel.name,
            Self::Person(nick) => nick,
        }
    }

    /// The channel to join.
    pub(super) fn channel(&self) -> Option<&Channel> {
        match self {
            Self::Channel(channel) => Some(channel),
            Self::Person(_) => None,
        }
    }
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.starts_with(['#', '&', '+', '!']) {
            return text.parse().map(Self::Channel);
        }
        check_nick("targets", text)?;
        Ok(Self::Person(text.to_owned()))
    }
}

/// Whether a text is a nick.
///
/// # Errors
/// It is none, or would be more than one word of a line.
pub(super) fn check_nick(key: &str, text: &str) -> Result<(), String> {
    let bad = |c: char| c.is_whitespace() || c.is_control() || "!@#&:,*?.".contains(c);
    if text.is_empty() || text.contains(bad) || text.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
        let shown = text.split(':').next().unwrap_or_default().escape_debug();
        return Err(format!(
            "`{key}`: `{shown}` is no nick (letters, digits and `_-[]{{}}|^` only), and a channel begins with `#`"
        ));
    }
    Ok(())
}
