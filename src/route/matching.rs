//! Which events a route is about.

use regex::Regex;

use crate::model::{Event, EventStatus, Level};

/// A text as it is, with `*` for any run of characters, or a regular expression `/.../` over the whole text.
#[derive(Debug, Clone)]
pub struct Pattern(Regex);

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// What is wrong with the regular expression.
    pub fn parse(text: &str) -> Result<Self, String> {
        let inner = text.strip_prefix('/').and_then(|text| text.strip_suffix('/'));
        let source = inner.map_or_else(|| regex::escape(text).replace("\\*", "(?s:.*)"), str::to_owned);
        // The bare expression first: `a)(b` must not pass by closing the group around it.
        Regex::new(&source).map_err(|_| format!("`{text}` is no regular expression"))?;
        let whole = Regex::new(&format!("^(?:{source})$"));
        whole.map(Self).map_err(|_| format!("`{text}` is no regular expression"))
    }

    /// Whether the whole text fits.
    pub fn fits(&self, text: &str) -> bool {
        self.0.is_match(text)
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

impl Match {
    /// The first part that does not fit, in words.
    pub fn misses(&self, event: &Event) -> Option<String> {
        if self.source.as_ref().is_some_and(|source| !source.fits(&event.source)) {
            return Some(format!("the source `{}` does not match", event.source));
        }
        if !self.events.is_empty() && !self.events.iter().any(|kind| kind.fits(&event.kind)) {
            return Some(format!("the kind `{}` does not match", event.kind));
        }
        if !self.status.is_empty() && !self.status.contains(&event.status) {
            return Some(format!("the status `{}` does not match", event.status));
        }
        if self.level.is_some_and(|level| event.level < level) {
            return Some(format!("the level `{}` is too low", event.level));
        }
        let bad = |(name, pattern): &&(String, Pattern)| {
            !event.labels.get(name).is_some_and(|value| pattern.fits(value))
        };
        self.labels.iter().find(bad).map(|(name, _)| format!("the label `{name}` does not match"))
    }
}
