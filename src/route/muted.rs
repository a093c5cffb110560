//! Silences: what nobody is to hear of for a while.

use std::fmt;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::matching::{Match, Seen, is_in};
use crate::model::{Event, Level, Silence, Timestamp};

/// A silence, checked.
#[derive(Debug, Clone)]
pub struct Muted {
    /// Which events.
    pub matching: Match,
    /// Only this subject.
    pub subject: Option<String>,
    /// Only what belongs here or below.
    pub scope: Option<String>,
    /// Who wants it.
    pub who: String,
    /// Why.
    pub why: String,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

impl Muted {
    /// Reads what a silence is about: the keys of a route's `match`, `subject` for one subject's key, `scope` for a
    /// path and everything below it.
    ///
    /// # Errors
    /// What is wrong with it, one sentence for each mistake, all on one line.
    pub fn parse(silence: &Silence) -> Result<Self, String> {
        let text = serde_json::to_string(&silence.matching).map_err(|error| error.to_string())?;
        let raw = crate::config::yaml::read(Path::new("silence"), &text).map_err(|error| vec![error]);
        let checked = raw.and_then(|raw| super::check::silence(Path::new("silence"), raw));
        let (matching, subject, scope) = checked.map_err(|errors| {
            let one = |error: crate::config::ConfigError| {
                let help = error.help.map(|help| format!(", {help}")).unwrap_or_default();
                let key = if error.key.is_empty() { error.key } else { format!("{}: ", error.key) };
                format!("{key}{}{help}", error.message)
            };
            errors.into_iter().map(one).collect::<Vec<_>>().join("; ")
        })?;
        if matching.is_empty() && subject.is_none() && scope.is_none() {
            return Err("it would silence everything: say `source: \"*\"` if that is meant".to_owned());
        }
        let Silence { who, why, from, until, .. } = silence.clone();
        Ok(Self { matching, subject, scope, who, why, from, until })
    }

    /// What somebody types to silence: `source=awx`, `env=dev-*`. The keys of a route's `match`, `subject`, `scope`; any
    /// other name is a label's.
    ///
    /// # Errors
    /// A word that is not `name=value`, one sentence.
    pub fn typed<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Map<String, Value>, String> {
        let (mut matching, mut labels) = (Map::new(), Map::new());
        for pair in words {
            let (key, value) = pair.split_once('=').ok_or_else(|| format!("`{pair}` is not `name=value`"))?;
            match key {
                "source" | "level" | "subject" | "scope" => matching.insert(key.to_owned(), json!(value)),
                "kind" | "event" | "events" => matching.insert("events".to_owned(), json!([value])),
                "status" => matching.insert(key.to_owned(), json!([value])),
                _ => labels.insert(key.to_owned(), json!(value)),
            };
        }
        if !labels.is_empty() {
            matching.insert("labels".to_owned(), Value::Object(labels));
        }
        Ok(matching)
    }

    /// Whether it is in force for an event about the subject `key`.
    pub fn holds(&self, event: &Event, key: &str, weight: Level, now: Timestamp) -> bool {
        let inside = |top: &String| event.scopes.iter().any(|scope| is_in(scope, top));
        self.from <= now
            && now < self.until
            && self.subject.as_ref().is_none_or(|subject| subject == key)
            && self.scope.as_ref().is_none_or(inside)
            && self.matching.fits(&Seen::event(event, weight))
    }
}

/// `alice until 2026-11-21T12:00:00.000Z: the disk is being changed`.
impl fmt::Display for Muted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} until {}", self.who, self.until)?;
        if self.why.is_empty() { Ok(()) } else { write!(f, ": {}", self.why) }
    }
}
