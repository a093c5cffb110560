//! Events in one message: those that belong together, and summaries of what can wait.

use std::fmt;
use std::time::Duration;

use jiff::civil::Time;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::clock;
use crate::model::{Event, Level, Timestamp};

/// Events that agree in some things are told as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// In what they agree; at least one.
    pub by: Vec<By>,
    /// How long the first waits for others.
    pub wait: Duration,
}

/// In what events agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// Who told it.
    Source,
    /// What kind it is.
    Kind,
    /// What it belongs to.
    Scope,
    /// What the sender says that it may be gathered with.
    Group,
    /// The value of a label.
    Label(String),
}

impl By {
    /// The word in the file.
    pub fn parse(word: &str) -> Self {
        match word {
            "source" => Self::Source,
            "kind" => Self::Kind,
            "scope" => Self::Scope,
            "group" => Self::Group,
            label => Self::Label(label.to_owned()),
        }
    }

    fn word(&self) -> &str {
        match self {
            Self::Source => "source",
            Self::Kind => "kind",
            Self::Scope => "scope",
            Self::Group => "group",
            Self::Label(label) => label,
        }
    }

    fn of<'a>(&self, event: &'a Event, scope: &'a str) -> &'a str {
        match self {
            Self::Source => &event.source,
            Self::Kind => &event.kind,
            Self::Scope => scope,
            Self::Group => event.group.as_deref().unwrap_or_default(),
            Self::Label(label) => event.labels.get(label).map_or("", String::as_str),
        }
    }
}

impl Group {
    /// The lane of an event, `group env="prod"`; `scope` is the one for which the route hears of it.
    pub(super) fn key(&self, event: &Event, scope: &str) -> String {
        let parts: Vec<String> =
            self.by.iter().map(|by| format!("{}={:?}", by.word(), by.of(event, scope))).collect();
        format!("group {}", parts.join(","))
    }
}

/// Events wait for a summary.
#[derive(Debug, Clone)]
pub struct Digest {
    /// When it comes.
    pub every: Every,
    /// Events of this level and above are told at once; none are without it.
    pub below: Option<Level>,
}

/// When summaries come.
#[derive(Debug, Clone)]
pub enum Every {
    /// So long after the first event in it.
    Span(Duration),
    /// Each day at this time.
    At(Time, TimeZone),
}

impl Digest {
    /// When the next summary after `now` comes.
    pub(super) fn next(&self, now: Timestamp) -> Timestamp {
        match &self.every {
            Every::Span(span) => now.plus(*span),
            // Only beyond the end of time there is no tomorrow.
            Every::At(time, zone) => clock::next(zone, *time, now).unwrap_or(now),
        }
    }

    /// The lane of the summaries.
    pub(super) fn key(&self) -> String {
        match &self.every {
            Every::Span(span) => format!("digest {span:?}"),
            Every::At(time, zone) => {
                format!("digest {} {}", time.strftime("%H:%M"), zone.iana_name().unwrap_or("UTC"))
            }
        }
    }
}

/// A lane has at most this many bytes.
const LONGEST_KEY: usize = 200;

/// The key, short, and another for messages that look different because a route replaces options. The options
/// may be secret: of them only a short digest shows.
pub(super) fn lane(key: String, options: Option<&Value>) -> String {
    let key = match options {
        Some(options) => format!("{key} with {:08x}", hash(&options.to_string()) >> 32),
        None => key,
    };
    if key.len() <= LONGEST_KEY {
        return key;
    }
    let end = (0..=LONGEST_KEY - 20).rev().find(|end| key.is_char_boundary(*end)).unwrap_or(0);
    format!("{}...{:016x}", &key[..end], hash(&key))
}

/// FNV-1a: the same in every build, as lanes outlive the process.
fn hash(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by: Vec<&str> = self.by.iter().map(By::word).collect();
        write!(f, "others of the same {}", by.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_lane_names_the_values_and_two_different_ones_never_meet() {
        let event = |labels: Value| Event::from_json(&json!({"title": "t", "labels": labels})).unwrap();
        let group = Group { by: ["env", "source", "scope"].map(By::parse).to_vec(), wait: Duration::ZERO };
        assert_eq!(
            group.key(&event(json!({"env": "prod"})), "acme"),
            r#"group env="prod",source="api",scope="acme""#
        );
        let two = Group { by: vec![By::parse("a"), By::parse("b")], wait: Duration::ZERO };
        let key = |labels| two.key(&event(labels), "");
        assert_ne!(key(json!({"a": "1\",b=\"2", "b": "3"})), key(json!({"a": "1", "b": "2\",b=\"3"})));
    }

    #[test]
    fn a_lane_is_short_and_keeps_options_to_itself() {
        let long = |end: &str| lane(format!("group a={}{end}", "ä".repeat(500)), None);
        assert!(long("x").len() <= LONGEST_KEY);
        assert_ne!(long("x"), long("y"));
        let (one, other) = (json!({"token": "hunter2"}), json!({"token": "hunter3"}));
        let with = |options| lane("digest 3600s".to_owned(), Some(options));
        assert!(!with(&one).contains("hunter2"));
        assert_ne!(with(&one), with(&other));
    }
}
