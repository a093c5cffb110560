//! Why something is sent or not, in words; made only when somebody asks.

use std::fmt;
use std::time::Duration;

use super::matching::Miss;
use super::{After, Bundle, Flapping, Group, Muted, When};
use crate::model::{Acknowledged, Event, Level, Timestamp};
use crate::text::human;

/// Why something is not sent.
#[derive(Debug, Clone, Copy)]
pub(super) enum Why<'a> {
    /// The route is about another scope.
    Scope(&'a str),
    /// The route is about other events.
    Miss(Miss<'a>, &'a Event, Level),
    /// The route is about other moments.
    Moment,
    /// The start has not run for so long.
    Early(Option<Duration>),
    /// The route in this line keeps it.
    Inherited(u64),
    /// There is none of this name.
    Unknown,
    /// The notifier is off.
    Off,
    /// The notifier takes other kinds.
    Kind(&'a str),
    /// The notifier takes worse.
    Level(Level),
    /// The notifier takes other moments.
    NotifierMoment,
    /// The route in this line sends it.
    Twice(u64),
    /// Somebody silenced it.
    Silenced(&'a Muted),
    /// The rule in this line mutes it while that subject fails.
    Inhibited(u64, &'a str),
    /// Somebody takes care.
    Acknowledged(&'a Acknowledged),
    /// It changes too often.
    Flapping(Flapping),
    /// There were only so many failures.
    Few(usize, After),
    /// Its failure was not told.
    Untold(After),
    /// It was told already.
    Repeat(Duration),
    /// Quiet hours drop it.
    Quiet(&'a str),
}

impl fmt::Display for Why<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scope(scope) => write!(f, "no scope of the event is in `{scope}`"),
            Self::Miss(miss, event, weight) => missed(f, *miss, event, *weight),
            Self::Moment => f.write_str("it is not the moment (`on`)"),
            Self::Early(Some(span)) => write!(f, "it has not run for {}", human::duration(*span)),
            Self::Early(None) => f.write_str("it has no limit (`still_running`)"),
            Self::Inherited(line) => write!(f, "{} does not inherit it", route(*line)),
            Self::Unknown => f.write_str("there is no such notifier"),
            Self::Off => f.write_str("the notifier is not enabled"),
            Self::Kind(kind) => write!(f, "the notifier does not take the kind `{kind}`"),
            Self::Level(level) => write!(f, "the notifier takes `{level}` and above"),
            Self::NotifierMoment => f.write_str("it is not a moment of the notifier (`on`)"),
            Self::Twice(line) => write!(f, "{} sends it already", route(*line)),
            Self::Silenced(muted) => write!(f, "silenced by {muted}"),
            Self::Inhibited(line, by) => write!(f, "`{by}` fails, and the rule in line {line} mutes this"),
            Self::Acknowledged(by) => write!(f, "{} takes care of it since {}", by.who, by.at),
            Self::Flapping(limit) => {
                let within = human::duration(limit.within);
                write!(f, "flapping: {} changes in {within}, told again when it is calm", limit.changes)
            }
            Self::Few(count, after) => {
                let within = human::duration(after.within);
                write!(f, "failure {count} of {} in {within}", after.count)
            }
            Self::Untold(after) => {
                let within = human::duration(after.within);
                write!(f, "its failures were not told: fewer than {} in {within}", after.count)
            }
            Self::Repeat(every) => write!(f, "told already, again only after {}", human::duration(*every)),
            Self::Quiet(name) => write!(f, "quiet hours `{name}`"),
        }
    }
}

/// What a route is called; one that was attached while the bot ran has no line.
fn route(line: u64) -> String {
    if line == 0 { "an attached route".to_owned() } else { format!("the route in line {line}") }
}

fn missed(f: &mut fmt::Formatter<'_>, miss: Miss<'_>, event: &Event, weight: Level) -> fmt::Result {
    match miss {
        Miss::Source => write!(f, "the source `{}` does not match", event.source),
        Miss::Kind => write!(f, "the kind `{}` does not match", event.kind),
        Miss::Status => write!(f, "the status `{}` does not match", event.status),
        Miss::Level => write!(f, "the level `{weight}` is too low"),
        Miss::Label(name) => write!(f, "the label `{name}` does not match"),
    }
}

/// When it is sent, and what makes it wait.
pub(super) fn sent(when: &When, quiet: Option<(&str, Timestamp)>, group: Option<&Group>) -> String {
    let quiet = quiet.map(|(name, _)| format!(": quiet hours `{name}`")).unwrap_or_default();
    match when {
        When::Now => "sent at once".to_owned(),
        When::Held(until) => format!("held until {until}{quiet}"),
        When::Gather { until, bundle: Bundle::Digest, .. } => format!("in a digest at {until}{quiet}"),
        When::Gather { until, .. } => {
            let others = group.map(|group| format!(" with {group}")).unwrap_or_default();
            format!("held until {until}{others}{quiet}")
        }
        When::Dropped(why) => format!("dropped: {why}"),
    }
}
