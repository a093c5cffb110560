//! What becomes of a message that the bot sends.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How one adapter or notifier finds a message it posted, to edit it or answer in its thread:
/// opaque to all but the one that made it, at most a few hundred bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Handle(pub String);

/// What the other side said to a message that it took.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Receipt {
    /// How to find the message again; `None` where the service cannot edit.
    pub handle: Option<Handle>,
    /// The other side's answer, for the history: short, free of secrets.
    pub answer: String,
}

/// Why a message was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// May work later.
    #[error("{why}")]
    Retry {
        /// What happened, free of secrets.
        why: String,
        /// How long the other side asks to wait.
        after: Option<Duration>,
    },
    /// Will not work: the other side refuses this message.
    #[error("{why}")]
    Refused {
        /// What happened, free of secrets.
        why: String,
    },
    /// The room is closed to the bot: archived, gone, or it was removed from there. Another place may do.
    #[error("{why}")]
    NoRoom {
        /// What happened, free of secrets.
        why: String,
    },
    /// The message to edit is no more: post it anew.
    #[error("{why}")]
    Gone {
        /// What happened, free of secrets.
        why: String,
    },
}

/// The one message that shows a subject at a target: posted once, edited after that where the
/// service can. Displayed as `adapter/irc irc:#ops execution/12`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Slot {
    /// The door: `adapter/irc`, `notifier/ops`.
    pub notifier: String,
    /// The channel, address or place there.
    pub target: String,
    /// The subject: `execution/12`, `message/...`.
    pub lane: String,
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.notifier, self.target, self.lane)
    }
}
