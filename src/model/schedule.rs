//! What is to happen later, again and again or once.

use serde::{Deserialize, Serialize};

use super::{Person, Place, Timestamp};

/// Something that somebody wants to happen later.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    /// Its number.
    pub id: i64,
    /// Whose it is: it runs with the rights that this person has then.
    pub owner: Person,
    /// How the service showed that person.
    pub owner_name: String,
    /// Where it runs, and says what came of it.
    pub place: Place,
    /// How the service shows the room, where that is not its id.
    pub room_name: Option<String>,
    /// When it comes round, in words: `every weekday at 09:00`.
    pub when: String,
    /// The IANA name of its time zone.
    pub zone: String,
    /// When a single one is due, or when its spans begin.
    pub anchor: Timestamp,
    /// What is to be done.
    pub errand: Errand,
    /// The command, secrets cut, or what is said.
    pub line: String,
    /// What becomes of it if the bot is away then.
    pub missed: Missed,
    /// When it comes next; `None` while it is paused.
    pub due: Option<Timestamp>,
    /// When it was made.
    pub made: Timestamp,
    /// When it was due last.
    pub last: Option<Timestamp>,
    /// Why it paused itself, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rests: Option<String>,
}

/// What a schedule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Errand {
    /// It runs its line as a command.
    Run,
    /// It says its line.
    Remind,
}

/// What becomes of what was due while the bot was away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Missed {
    /// Nothing.
    #[default]
    Skip,
    /// It is done once, however often it was missed.
    Once,
}
