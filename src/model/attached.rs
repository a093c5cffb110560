//! Notifiers that were attached to a scope while the bot ran: routes that no file has.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Moment, Timestamp};

/// When an attached notifier hears; the words are those of Tower.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Trigger {
    /// Always.
    Any,
    /// When something starts.
    Started,
    /// When it ended well.
    Success,
    /// When it ended badly.
    Error,
    /// When an approval is asked for, given, denied or not given in time.
    Approvals,
}

impl Trigger {
    /// Every trigger with its word.
    pub const ALL: [(&'static str, Self); 5] = [
        ("any", Self::Any),
        ("started", Self::Started),
        ("success", Self::Success),
        ("error", Self::Error),
        ("approvals", Self::Approvals),
    ];

    /// The word.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, trigger)| *trigger == self).map_or("", |(word, _)| word)
    }

    /// The moments at which it hears; all if empty.
    pub const fn moments(self) -> &'static [Moment] {
        match self {
            Self::Any => &[],
            Self::Started => &[Moment::Started],
            Self::Success => &[Moment::Success],
            Self::Error => &[Moment::Error],
            Self::Approvals => &[Moment::Pending, Moment::Approved, Moment::Denied, Moment::TimedOut],
        }
    }
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Trigger {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|(known, _)| *known == word);
        found.map(|(_, trigger)| *trigger).ok_or_else(|| {
            let words = Self::ALL.map(|(word, _)| word).join(", ");
            format!("there is no trigger `{word}`, accepted: {words}")
        })
    }
}

/// A notifier that hears of a scope and everything below it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attached {
    /// The path, such as `acme/web/deploy`.
    pub scope: String,
    /// When it hears.
    pub trigger: Trigger,
    /// Its number.
    pub notifier: i64,
    /// Who attached it.
    pub who: String,
    /// When.
    pub at: Timestamp,
}
