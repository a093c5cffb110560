//! The question that routing answers, and its answer.

use serde::Serialize;
use serde_json::Value;

use crate::model::{Event, Moment, Subject, Timestamp};

/// One event to be decided.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// What was told. For a notice of the bot itself, the last event about the subject.
    pub event: &'a Event,
    /// The id that the event has, or gets.
    pub id: i64,
    /// Now, by the bot's clock.
    pub now: Timestamp,
    /// What the bot tells by itself, see [`super::overdue`]; `None` for what a sender told.
    pub derived: Option<Moment>,
}

/// What is known besides the event.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// The subject before the event; `None` for a new one.
    pub subject: Option<&'a Subject>,
    /// Subjects whose last outcome is a failure or a warning. Asked at most once, and only where an `inhibit`
    /// rule could mute the event.
    pub failing: &'a dyn Fn() -> Vec<Subject>,
}

/// What becomes of an event.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The subject from now on.
    pub subject: Subject,
    /// What is sent, and what is not although a route names it; each notifier once for the same options.
    pub sends: Vec<Decision>,
}

/// One thing to send.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Decision {
    /// The line of the route in the file.
    pub line: u64,
    /// The notifier.
    pub notifier: String,
    /// Options that replace its own, for its kind to check; perhaps secret, so not shown in JSON.
    #[serde(skip)]
    pub options: Option<Value>,
    /// What is told about the subject.
    pub moment: Moment,
    /// When.
    pub when: When,
}

impl Decision {
    /// Whether it is sent at all.
    pub const fn is_sent(&self) -> bool {
        !matches!(self.when, When::Dropped(_))
    }
}

/// When to send. In JSON `"now"`, `{"held": 1795250400000000}`, `{"gather": {...}}`, `{"dropped": "why"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// At once.
    Now,
    /// On its own, at this time.
    Held(Timestamp),
    /// With others of the same key in one message; the first of them says when.
    Gather {
        /// When, if it is the first.
        until: Timestamp,
        /// The lane in which they meet, such as `group env="prod"`; at most 200 bytes.
        key: String,
        /// What the message is.
        bundle: Bundle,
    },
    /// Not at all, and why: lower case, no full stop.
    Dropped(String),
}

/// What a message about several events is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bundle {
    /// Events that belong together, told as one.
    Group,
    /// A summary of what could wait.
    Digest,
}

impl Bundle {
    /// The word of a delivery's purpose.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::Digest => "digest",
        }
    }
}

/// What one route means for one notifier, or, without one, why it is out as a whole.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verdict {
    /// The line of the route in the file.
    pub line: u64,
    /// What the route is called where no line of a file has it: `acme/web any`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attached: Option<String>,
    /// The notifier; none where the whole route does not apply.
    pub notifier: Option<String>,
    /// What is sent, or dropped although the route names it.
    pub sends: Option<Decision>,
    /// Why, in words.
    pub why: String,
}

/// [`Outcome`] with a reason for every route.
#[derive(Debug, Clone, PartialEq)]
pub struct Explained {
    /// The subject from now on.
    pub subject: Subject,
    /// The routes in the order of the file.
    pub verdicts: Vec<Verdict>,
    /// Who is told later if nobody takes care of it.
    pub escalations: Vec<super::Escalated>,
}
