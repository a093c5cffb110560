//! Parts of answers: what stands inside of a notifier, a notification, a delivery.

use schemars::JsonSchema;
use serde::Serialize;

use super::notifications::Standing;
use crate::bot::notify::Tested;
use crate::model::{EventStatus, Level, Override};
use crate::store::{Attempt, StoredEvent};

/// Where more of a notifier is.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct NotifierLinks {
    /// Sends a test.
    pub(super) test: String,
    /// Its history.
    pub(super) notifications: String,
    /// Makes another one like it.
    pub(super) copy: String,
}

/// Who changed options while the bot runs.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct SetBy {
    /// Who did last.
    by: String,
    /// When.
    at: String,
}

impl From<&Override> for SetBy {
    fn from(set: &Override) -> Self {
        Self { by: set.who.clone(), at: set.at.to_string() }
    }
}

/// What stands beside a notifier, as clients of Tower expect.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct NotifierSummary {
    /// The last five notifications.
    pub(super) recent_notifications: Vec<Recent>,
    /// What may be done with it.
    pub(super) user_capabilities: Capabilities,
}

/// A notification in one line.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Recent {
    /// Its number.
    pub(super) id: i64,
    /// How it stands.
    pub(super) status: Standing,
    /// When it was made.
    pub(super) created: String,
    /// What the other side said when it refused.
    pub(super) error: String,
}

/// What may be done with a notifier.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Capabilities {
    /// Whether it can be changed here: those of files are not.
    pub(super) edit: bool,
    /// Whether it can be removed here.
    pub(super) delete: bool,
    /// Whether another one can be made like it.
    pub(super) copy: bool,
}

/// What one target said to a test.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct TestedAt {
    /// The channel, address or number.
    pub(super) target: String,
    /// Whether it took it.
    good: bool,
    /// What it said, or what would be sent.
    pub(super) answer: String,
    /// How long it took, in milliseconds.
    ms: u64,
    /// The delivery in the history; none of a dry run.
    delivery: Option<i64>,
}

impl From<&Tested> for TestedAt {
    fn from(tested: &Tested) -> Self {
        let (good, answer) = match &tested.outcome {
            Ok(answer) => (true, answer),
            Err(why) => (false, why),
        };
        let (target, answer) = (tested.target.clone(), answer.clone());
        Self { target, good, answer, ms: tested.millis, delivery: tested.delivery }
    }
}

/// Where the notifier and the event of a notification are.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct NotificationLinks {
    /// The notifier.
    pub(super) notification_template: Option<String>,
    /// The event.
    pub(super) event: Option<String>,
}

/// What stands beside a notification.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct NotificationSummary {
    /// Its notifier.
    pub(super) notification_template: NotifierBrief,
}

/// A notifier in a few words.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct NotifierBrief {
    /// Its number.
    pub(super) id: Option<i64>,
    /// Its name.
    pub(super) name: String,
    /// What it is for; none of one that is gone.
    pub(super) description: Option<String>,
}

/// One try of a delivery.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Tried {
    /// Which one, from 1.
    n: i64,
    /// When it began.
    at: String,
    /// How long it took, in milliseconds.
    ms: i64,
    /// What came of it: sent, retry, refused, gone.
    outcome: String,
    /// What the other side said.
    answer: Option<String>,
}

impl From<&Attempt> for Tried {
    fn from(one: &Attempt) -> Self {
        let (n, ms) = (one.number, one.millis);
        Self { n, at: one.at.to_string(), ms, outcome: one.outcome.clone(), answer: one.answer.clone() }
    }
}

/// An event in one line.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct EventBrief {
    /// Its id.
    id: i64,
    /// Who told it.
    source: String,
    /// What kind of thing happened.
    kind: String,
    /// What became of it.
    #[schemars(with = "String")]
    status: EventStatus,
    /// How bad it is.
    #[schemars(with = "String")]
    level: Level,
    /// One line.
    title: String,
}

impl From<&StoredEvent> for EventBrief {
    fn from(one: &StoredEvent) -> Self {
        let event = &one.event;
        Self {
            id: one.id,
            source: event.source.clone(),
            kind: event.kind.clone(),
            status: event.status,
            level: event.level,
            title: event.title.clone(),
        }
    }
}
