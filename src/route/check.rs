//! Checks the routing part of `notifiers.yaml`. Collects all mistakes.

use std::path::Path;
use std::str::FromStr;

use jiff::civil::Time;
use jiff::tz::TimeZone;

use super::file::{self, File};
use super::{Inherit, Match, Notifier, Pattern, Quiet, Route, Rules, Send, Then, Trigger};
use crate::config::ConfigError;
use crate::config::nearest::hint;
use crate::config::yaml::{Spanned, line_of};
use crate::model::{EventStatus, Level};

/// The words of levels, taskmanager's among them.
const LEVELS: [(&str, Level); 8] = [
    ("ok", Level::Ok),
    ("info", Level::Info),
    ("warning", Level::Warning),
    ("error", Level::Error),
    ("critical", Level::Critical),
    ("warnings", Level::Warning),
    ("errors", Level::Error),
    ("failed", Level::Critical),
];
const THEN: [(&str, Then); 3] = [("digest", Then::Digest), ("drop", Then::Drop), ("hold", Then::Hold)];
const INHERIT: [(&str, Inherit); 3] =
    [("append", Inherit::Append), ("replace", Inherit::Replace), ("none", Inherit::None)];

struct Check<'a> {
    file: &'a Path,
    text: &'a str,
    names: Vec<&'a str>,
    errors: Vec<ConfigError>,
}

pub(super) fn check(file: &Path, text: &str, raw: &File) -> Result<Rules, Vec<ConfigError>> {
    let names = raw.notifiers.iter().map(|notifier| notifier.name.value.as_str()).collect();
    let mut check = Check { file, text, names, errors: Vec::new() };
    let _ = &raw.sources;
    let notifiers = raw.notifiers.iter().enumerate().map(|(at, one)| check.notifier(one, at)).collect();
    let routes = raw.routes.iter().enumerate().map(|(at, one)| check.route(one, at)).collect();
    let quiet = raw.quiet.iter().enumerate().filter_map(|(at, one)| check.quiet(&one.value, at)).collect();
    if check.errors.is_empty() { Ok(Rules { notifiers, routes, quiet }) } else { Err(check.errors) }
}

impl<'a> Check<'a> {
    fn wrong<T>(&mut self, at: &Spanned<T>, key: String, message: String, help: Option<String>) {
        let (line, column) = line_of(at);
        let error = ConfigError::new(self.file, message).at(line, column).key(key).excerpt_of(self.text);
        self.errors.push(ConfigError { help, ..error });
    }

    /// One of a few known words.
    fn word<T: Clone>(&mut self, word: &Spanned<String>, key: String, known: &[(&str, T)]) -> Option<T> {
        let found = known.iter().find(|(name, _)| *name == word.value);
        if found.is_none() {
            let help = hint(&word.value, known.iter().map(|(name, _)| *name));
            self.wrong(word, key, format!("unknown word `{}`", word.value), help);
        }
        found.map(|(_, value)| value.clone())
    }

    fn pattern(&mut self, text: &Spanned<String>, key: String) -> Option<Pattern> {
        Pattern::parse(&text.value).map_err(|message| self.wrong(text, key, message, None)).ok()
    }

    fn notifier(&mut self, raw: &file::Notifier, at: usize) -> Notifier {
        let name = raw.name.value.clone();
        if self.names[..at].contains(&name.as_str()) {
            let message = format!("there are two notifiers `{name}`");
            self.wrong(&raw.name, format!("notifiers[{at}].name"), message, None);
        }
        let key = format!("notifiers[{at}].level");
        let level = raw.level.as_ref().and_then(|level| self.word(level, key, &LEVELS));
        let mut events = Vec::new();
        for kind in &raw.events {
            match Pattern::parse(kind) {
                Ok(pattern) => events.push(pattern),
                Err(message) => self.wrong(&raw.name, format!("notifiers[{at}].events"), message, None),
            }
        }
        Notifier { name, level: level.unwrap_or(Level::Ok), events, enabled: raw.enabled }
    }

    fn route(&mut self, raw: &Spanned<file::Route>, at: usize) -> Route {
        let (key, parts) = (format!("routes[{at}]"), &raw.value);
        let mut on = Vec::new();
        for word in &parts.on {
            match Trigger::from_str(&word.value) {
                Ok(trigger) => on.push(trigger),
                Err(help) => {
                    self.wrong(word, format!("{key}.on"), format!("unknown word `{}`", word.value), help);
                }
            }
        }
        if on.is_empty() {
            on.push(Trigger::Any);
        }
        let scope = parts.scope.as_ref().map(|scope| scope.value.trim_matches('/').to_owned());
        let inherit = self.inherit(raw, &key);
        if parts.send.is_empty() && !matches!(inherit, Inherit::None | Inherit::Except(_)) {
            self.wrong(raw, key.clone(), "the route sends nothing: it needs `send`".to_owned(), None);
        }
        let matching = self.matching(&parts.matching, &format!("{key}.match"));
        let send = parts.send.iter().enumerate().map(|(at, one)| self.send(one, format!("{key}.send[{at}]")));
        let send = send.collect();
        Route { line: line_of(raw).0, scope, matching, on, inherit, send }
    }

    fn inherit(&mut self, raw: &Spanned<file::Route>, key: &str) -> Inherit {
        let parts = &raw.value;
        let word =
            parts.inherit.as_ref().and_then(|word| self.word(word, format!("{key}.inherit"), &INHERIT));
        let inherits = parts.inherit.is_some() || !parts.except.is_empty();
        if inherits && parts.scope.is_none() {
            let message = "only a route with a `scope` has routes above it".to_owned();
            self.wrong(raw, key.to_owned(), message, None);
        }
        if parts.except.is_empty() {
            return word.unwrap_or(Inherit::Append);
        }
        if matches!(word, Some(Inherit::None | Inherit::Replace)) {
            let message = "`except` means nothing where nothing is inherited".to_owned();
            self.wrong(&parts.except[0], format!("{key}.except"), message, None);
        }
        for name in &parts.except {
            self.known(name, &name.value, format!("{key}.except"));
        }
        Inherit::Except(parts.except.iter().map(|name| name.value.clone()).collect())
    }

    fn matching(&mut self, raw: &file::Match, key: &str) -> Match {
        let statuses = EventStatus::ALL;
        Match {
            source: raw.source.as_ref().and_then(|one| self.pattern(one, format!("{key}.source"))),
            events: raw.events.iter().filter_map(|one| self.pattern(one, format!("{key}.events"))).collect(),
            status: raw
                .status
                .iter()
                .filter_map(|one| self.word(one, format!("{key}.status"), statuses))
                .collect(),
            level: raw.level.as_ref().and_then(|one| self.word(one, format!("{key}.level"), &LEVELS)),
            labels: raw
                .labels
                .0
                .iter()
                .filter_map(|(name, one)| {
                    let pattern = self.pattern(one, format!("{key}.labels.{}", name.value))?;
                    Some((name.value.clone(), pattern))
                })
                .collect(),
        }
    }

    fn send(&mut self, raw: &Spanned<file::Send>, key: String) -> Send {
        self.known(raw, &raw.value.name, key);
        Send { notifier: raw.value.name.clone(), options: raw.value.options.clone() }
    }

    fn known<T>(&mut self, at: &Spanned<T>, name: &str, key: String) {
        if !self.names.contains(&name) {
            let help = hint(name, self.names.iter().copied());
            self.wrong(at, key, format!("there is no notifier `{name}`"), help);
        }
    }

    fn quiet(&mut self, raw: &file::Quiet, at: usize) -> Option<Quiet> {
        let key = |name: &str| format!("quiet[{at}].{name}");
        let from = self.time(&raw.from, key("from"));
        let to = self.time(&raw.to, key("to"));
        let zone = TimeZone::get(&raw.zone.value).ok();
        if zone.is_none() {
            let message = format!("there is no time zone `{}`", raw.zone.value);
            let help = "write for instance `Europe/Amsterdam` or `UTC`".to_owned();
            self.wrong(&raw.zone, key("zone"), message, Some(help));
        }
        let below = self.word(&raw.below, key("below"), &LEVELS);
        let then = self.word(&raw.then, key("then"), &THEN);
        Some(Quiet { name: raw.name.clone(), from: from?, to: to?, zone: zone?, below: below?, then: then? })
    }

    fn time(&mut self, raw: &Spanned<String>, key: String) -> Option<Time> {
        let time = Time::strptime("%H:%M", &raw.value).ok();
        if time.is_none() {
            let help = Some("write for instance `\"22:00\"`".to_owned());
            self.wrong(raw, key, format!("`{}` is no time of day", raw.value), help);
        }
        time
    }
}
