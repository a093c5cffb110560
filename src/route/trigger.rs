//! The moments at which a route sends.

use std::str::FromStr;

use super::Subject;
use crate::config::nearest::hint;
use crate::model::{Event, EventStatus};

/// A moment in the life of a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// It begins.
    Started,
    /// It went well, or is well again.
    Success,
    /// It is not quite well.
    Warning,
    /// It failed, could not be done, or was canceled.
    Error,
    /// It was canceled.
    Canceled,
    /// It waits for approval.
    Pending,
    /// It was approved.
    Approved,
    /// It was denied.
    Denied,
    /// Nobody approved in time.
    TimedOut,
    /// Any of the four about approval.
    Approvals,
    /// The first success after an error.
    Recovered,
    /// The outcome differs from the last.
    Changed,
    /// All.
    Any,
}

const WORDS: [(&str, Trigger); 13] = [
    ("started", Trigger::Started),
    ("success", Trigger::Success),
    ("warning", Trigger::Warning),
    ("error", Trigger::Error),
    ("canceled", Trigger::Canceled),
    ("pending", Trigger::Pending),
    ("approved", Trigger::Approved),
    ("denied", Trigger::Denied),
    ("timed_out", Trigger::TimedOut),
    ("approvals", Trigger::Approvals),
    ("recovered", Trigger::Recovered),
    ("changed", Trigger::Changed),
    ("any", Trigger::Any),
];

impl FromStr for Trigger {
    type Err = Option<String>;

    /// The trigger of a word; else what may have been meant.
    fn from_str(word: &str) -> Result<Self, Option<String>> {
        let known = WORDS.iter().find(|(known, _)| *known == word).map(|(_, trigger)| *trigger);
        known.ok_or_else(|| hint(word, WORDS.iter().map(|(word, _)| *word)))
    }
}

impl Trigger {
    /// Whether this is such a moment; `subject` is what was known before the event.
    pub fn fires(self, event: &Event, subject: Option<&Subject>) -> bool {
        let status = event.status;
        let approval = |word: &str| event.kind.strip_prefix("approval.") == Some(word);
        let before = subject.and_then(|subject| subject.outcome);
        match self {
            Self::Started => status == EventStatus::Started,
            Self::Success => status.is_success(),
            Self::Warning => status == EventStatus::Warning,
            Self::Error => status.is_failure() || status == EventStatus::Canceled,
            Self::Canceled => status == EventStatus::Canceled,
            Self::Pending => approval("pending"),
            Self::Approved => approval("approved"),
            Self::Denied => approval("denied"),
            Self::TimedOut => approval("timed_out"),
            Self::Approvals => ["pending", "approved", "denied", "timed_out"].into_iter().any(approval),
            Self::Recovered => status.is_success() && before.is_some_and(EventStatus::is_failure),
            Self::Changed => status.is_outcome() && before.is_some_and(|before| before != status),
            Self::Any => true,
        }
    }
}
