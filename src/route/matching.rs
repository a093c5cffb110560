//! Which events a rule is about.

use std::collections::BTreeMap;
use std::fmt;

use regex::Regex;

use crate::model::{Event, EventStatus, Level, Subject};

/// A text as it is, with `*` for any run of characters, or a regular expression `/.../` over the whole text.
#[derive(Debug, Clone)]
pub struct Pattern {
    kind: Kind,
    /// As it was written.
    text: String,
}

#[derive(Debug, Clone)]
enum Kind {
    Text(String),
    Regex(Regex),
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// What is wrong with the regular expression.
    pub fn parse(text: &str) -> Result<Self, String> {
        let inner = text.strip_prefix('/').and_then(|text| text.strip_suffix('/'));
        if inner.is_none() && !text.contains('*') {
            return Ok(Self { kind: Kind::Text(text.to_owned()), text: text.to_owned() });
        }
        let source = inner.map_or_else(|| regex::escape(text).replace("\\*", "(?s:.*)"), str::to_owned);
        // The bare expression first: `a)(b` must not pass by closing the group around it.
        Regex::new(&source).map_err(|_| format!("`{text}` is no regular expression"))?;
        let whole = Regex::new(&format!("^(?:{source})$"));
        whole
            .map(|regex| Self { kind: Kind::Regex(regex), text: text.to_owned() })
            .map_err(|_| format!("`{text}` is no regular expression"))
    }

    /// Whether the whole text fits.
    pub fn fits(&self, text: &str) -> bool {
        match &self.kind {
            Kind::Text(own) => own == text,
            Kind::Regex(regex) => regex.is_match(text),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What a rule looks at: an event as it weighs, or a subject as it stands.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    source: &'a str,
    kind: &'a str,
    status: Option<EventStatus>,
    level: Level,
    labels: &'a BTreeMap<String, String>,
}

impl<'a> Seen<'a> {
    /// An event of this weight: an end weighs as much as what it ends.
    pub const fn event(event: &'a Event, weight: Level) -> Self {
        let Event { source, kind, status, labels, .. } = event;
        Self { source: source.as_str(), kind: kind.as_str(), status: Some(*status), level: weight, labels }
    }

    /// A subject.
    pub const fn subject(subject: &'a Subject) -> Self {
        let Subject { source, kind, status, level, labels, .. } = subject;
        Self { source: source.as_str(), kind: kind.as_str(), status: *status, level: *level, labels }
    }
}

/// What an event must have; empty parts ask for nothing.
#[derive(Debug, Clone, Default)]
pub struct Match {
    /// Its source.
    pub source: Option<Pattern>,
    /// One of these kinds.
    pub events: Vec<Pattern>,
    /// One of these statuses.
    pub status: Vec<EventStatus>,
    /// At least this level.
    pub level: Option<Level>,
    /// All of these labels.
    pub labels: Vec<(String, Pattern)>,
}

/// Displayed as `source github, level warning, label env=prod`.
impl fmt::Display for Match {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list =
            |word: &str, all: Vec<String>| (!all.is_empty()).then(|| format!("{word} {}", all.join(" or ")));
        let texts = |all: &[Pattern]| all.iter().map(ToString::to_string).collect();
        let parts = [
            self.source.as_ref().map(|source| format!("source {source}")),
            list("event", texts(&self.events)),
            list("status", self.status.iter().map(ToString::to_string).collect()),
            self.level.map(|level| format!("level {level}")),
        ];
        let labels = self.labels.iter().map(|(name, value)| format!("label {name}={value}"));
        let all: Vec<String> = parts.into_iter().flatten().chain(labels).collect();
        f.write_str(&all.join(", "))
    }
}

/// The first part of a match that does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Miss<'a> {
    /// The source.
    Source,
    /// The kind.
    Kind,
    /// The status.
    Status,
    /// The level is too low.
    Level,
    /// A label is missing or does not fit.
    Label(&'a str),
}

impl Match {
    /// The first part that does not fit.
    pub fn misses(&self, seen: &Seen<'_>) -> Option<Miss<'_>> {
        if self.source.as_ref().is_some_and(|source| !source.fits(seen.source)) {
            return Some(Miss::Source);
        }
        if !self.events.is_empty() && !self.events.iter().any(|kind| kind.fits(seen.kind)) {
            return Some(Miss::Kind);
        }
        if !self.status.is_empty() && !seen.status.is_some_and(|status| self.status.contains(&status)) {
            return Some(Miss::Status);
        }
        if self.level.is_some_and(|level| seen.level < level) {
            return Some(Miss::Level);
        }
        let bad = |(name, pattern): &&(String, Pattern)| {
            !seen.labels.get(name).is_some_and(|value| pattern.fits(value))
        };
        self.labels.iter().find(bad).map(|(name, _)| Miss::Label(name))
    }

    /// Whether all of it fits.
    pub fn fits(&self, seen: &Seen<'_>) -> bool {
        self.misses(seen).is_none()
    }

    /// Whether it asks for nothing.
    pub fn is_empty(&self) -> bool {
        let Self { source, events, status, level, labels } = self;
        source.is_none() && events.is_empty() && status.is_empty() && level.is_none() && labels.is_empty()
    }
}

/// Whether a path is another or lies below it.
pub(super) fn is_in(scope: &str, top: &str) -> bool {
    scope.strip_prefix(top).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_a_text_a_star_or_an_expression_over_all_of_it() {
        let cases = [
            ("web-1", "web-1", true),
            ("web", "web-1", false),
            ("web-*", "web-1", true),
            ("*", "two\nlines", true),
            ("/web-[0-9]/", "web-1", true),
            ("/we/", "web-1", false),
            ("a.c", "abc", false),
        ];
        for (pattern, text, fits) in cases {
            assert_eq!(Pattern::parse(pattern).unwrap().fits(text), fits, "{pattern} {text}");
        }
        assert!(Pattern::parse("/a)(b/").is_err());
    }

    #[test]
    fn a_path_lies_in_another_by_whole_names() {
        assert!(is_in("acme/web", "acme") && is_in("acme", "acme"));
        assert!(!is_in("acme2/web", "acme") && !is_in("acme", "acme/web"));
    }
}
