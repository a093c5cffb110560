//! One run of an action.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Person, Place, Timestamp};

macro_rules! statuses {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// Where an execution stands. The words are those of StackStorm's API and of the database.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "lowercase")]
        pub enum Status { $($(#[$doc])* $name,)* }

        impl Status {
            /// Every status.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The status as a word.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }
    };
}
statuses! {
    /// Recorded, not started: waits for a free place or a lock.
    Requested = "requested",
    /// Waits for approval or an answer.
    Pending = "pending",
    /// Its runner works.
    Running = "running",
    /// A workflow that starts no more tasks and waits for those that run.
    Pausing = "pausing",
    /// A workflow that stands still.
    Paused = "paused",
    /// A workflow about to go on.
    Resuming = "resuming",
    /// Told to stop, not yet stopped.
    Canceling = "canceling",
    /// Ended well.
    Succeeded = "succeeded",
    /// Ended badly.
    Failed = "failed",
    /// Ended by its time limit.
    Timeout = "timeout",
    /// Ended by a person.
    Canceled = "canceled",
    /// The bot died while it ran.
    Abandoned = "abandoned",
}

impl Status {
    /// Whether nothing more can happen to it.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Timeout | Self::Canceled | Self::Abandoned)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that is no status.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an execution status")]
pub struct ParseStatusError(pub String);

impl FromStr for Status {
    type Err = ParseStatusError;

    fn from_str(word: &str) -> Result<Self, ParseStatusError> {
        let found = Self::ALL.iter().find(|status| status.as_str() == word);
        found.copied().ok_or_else(|| ParseStatusError(word.to_owned()))
    }
}

/// What made an execution start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cause {
    /// Somebody typed a command.
    Command,
    /// Somebody ran an earlier execution again.
    Rerun,
    /// The command line, without a chat.
    Cli,
    /// The HTTP API.
    Api,
    /// The time of a schedule.
    Schedule,
    /// An event, by a rule.
    Rule,
}

impl Cause {
    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Rerun => "rerun",
            Self::Cli => "cli",
            Self::Api => "api",
            Self::Schedule => "schedule",
            Self::Rule => "rule",
        }
    }
}

/// A step of a workflow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The execution that is the workflow.
    pub workflow: i64,
    /// The task; `deploy#3` for its item 3.
    pub task: String,
}

/// One run: who asked for what, where, and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Execution {
    /// Its id.
    pub id: i64,
    /// What made it start.
    pub cause: Cause,
    /// The execution it repeats.
    pub rerun_of: Option<i64>,
    /// Which step of which workflow it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<Step>,
    /// Who asked.
    pub person: Person,
    /// How that person was shown when asking.
    pub person_name: String,
    /// Where, unless asked from the command line or the API.
    pub place: Option<Place>,
    /// The `pack.alias` that matched.
    pub alias: Option<String>,
    /// The text as typed, secret values cut.
    pub command: String,
    /// The `pack.action` it runs.
    pub action: String,
    /// The runner of that action.
    pub runner: String,
    /// SHA-256 of the action's definition, in hex: which version ran.
    pub definition: String,
    /// The parameters, secret values as `********`.
    pub parameters: Map<String, Value>,
    /// Where it stands.
    pub status: Status,
    /// One sentence on why it ended as it did, where the status does not say it all.
    pub why: Option<String>,
    /// When it was asked for.
    pub asked: Timestamp,
    /// When its runner started.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub ended: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_reads_back_from_its_word() {
        for status in Status::ALL {
            assert_eq!(status.as_str().parse(), Ok(*status));
            assert_eq!(serde_json::json!(status), status.as_str());
        }
        assert!("done".parse::<Status>().is_err());
    }
}
