//! Checks the routing part of `notifiers.yaml`. Collects all mistakes.

mod reaction;
mod route;
mod timing;

use std::path::Path;

use super::file::{self, File, Text};
use super::inhibit::Inhibition;
use super::moments::APPROVALS;
use super::{Limits, Match, Notifier, Others, Pattern, Rules, Stranger};
use crate::config::ConfigError;
use crate::config::nearest::hint;
use crate::config::yaml::{Spanned, line_of};
use crate::model::{EventStatus, Level, Moment};

/// What a file or a silence is checked with.
struct Check<'a> {
    file: &'a Path,
    text: &'a str,
    names: Vec<String>,
    others: Others<'a>,
    limits: Limits,
    errors: Vec<ConfigError>,
    strangers: Vec<Stranger>,
}

/// The rules of a file.
pub(super) fn check(
    (file, text): (&Path, &str),
    raw: File,
    others: Others<'_>,
) -> Result<Rules, Vec<ConfigError>> {
    let names = raw.notifiers.iter().map(|notifier| notifier.name.value.clone()).collect();
    let mut check = Check::new((file, text), names, others);
    let file::Ignored = raw.sources;
    check.strays(&raw.strays, "", File::KEYS);
    let limits = check.limits(raw.limits);
    check.limits = limits;
    let notifiers = raw.notifiers.iter().enumerate().map(|(at, one)| check.notifier(one, at)).collect();
    let routes = raw.routes.into_iter().enumerate().map(|(at, one)| check.route(one, at)).collect();
    let quiet = raw.quiet.into_iter().enumerate().filter_map(|(at, one)| check.quiet(one, at)).collect();
    let inhibit =
        raw.inhibit.into_iter().enumerate().filter_map(|(at, one)| check.inhibition(one, at)).collect();
    for (at, name) in raw.fallback.iter().enumerate() {
        check.known(name, &name.value, format!("fallback[{at}]"));
    }
    let mut reactions = Vec::new();
    for (at, one) in raw.rules.into_iter().enumerate() {
        let found = check.reaction(one, at, &reactions);
        reactions.extend(found);
    }
    let fallback = raw.fallback.into_iter().map(|name| name.value).collect();
    if check.errors.is_empty() {
        let strangers = check.strangers;
        Ok(Rules { notifiers, routes, quiet, inhibit, limits, fallback, reactions, strangers })
    } else {
        Err(check.errors)
    }
}

/// What a silence is about: the match, the subject's key, the scope.
type Silenced = (Match, Option<String>, Option<String>);

pub(super) fn silence(file: &Path, raw: file::Mute) -> Result<Silenced, Vec<ConfigError>> {
    let mut check = Check::new((file, ""), Vec::new(), Others::Known(&[]));
    let (matching, scope, subject, strays) = raw.split();
    check.strays(&strays, "", file::Mute::KEYS);
    let matching = check.matching(&matching, "");
    let found = (matching, subject.map(|subject| subject.value), scope.map(|scope| path(&scope.value)));
    if check.errors.is_empty() { Ok(found) } else { Err(check.errors) }
}

/// A scope as events have it.
fn path(scope: &str) -> String {
    scope.trim_matches('/').to_owned()
}

/// `key.name`, or `name` where nothing is above it.
fn below(key: &str, name: &str) -> String {
    if key.is_empty() { name.to_owned() } else { format!("{key}.{name}") }
}

impl<'a> Check<'a> {
    fn new((file, text): (&'a Path, &'a str), names: Vec<String>, others: Others<'a>) -> Self {
        let (limits, errors, strangers) = (Limits::default(), Vec::new(), Vec::new());
        Self { file, text, names, others, limits, errors, strangers }
    }
}

impl Check<'_> {
    fn wrong<T>(&mut self, at: &Spanned<T>, key: String, message: String, help: Option<String>) {
        let error = self.error(at, key, message, help);
        self.errors.push(error);
    }

    fn error<T>(&self, at: &Spanned<T>, key: String, message: String, help: Option<String>) -> ConfigError {
        let (line, column) = line_of(at);
        let mut error = ConfigError::new(self.file, message).key(key);
        if line > 0 {
            error = error.at(line, column).excerpt_of(self.text);
        }
        ConfigError { help, ..error }
    }

    /// Keys that nobody knows.
    fn strays(&mut self, strays: &[Text], key: &str, known: &[&str]) {
        for stray in strays {
            let help = hint(&stray.value, known.iter().copied());
            self.wrong(stray, below(key, &stray.value), format!("unknown key `{}`", stray.value), help);
        }
    }

    /// A key that must be there.
    fn needed<T>(&mut self, found: Option<T>, at: (&Spanned<()>, &str), name: &str) -> Option<T> {
        if found.is_none() {
            self.wrong(at.0, below(at.1, name), format!("the key `{name}` is missing"), None);
        }
        found
    }

    /// One of a few known words.
    fn word<T: Copy>(&mut self, word: &Text, key: String, known: &[(&str, T)]) -> Option<T> {
        let found = known.iter().find(|(name, _)| *name == word.value);
        if found.is_none() {
            let help = hint(&word.value, known.iter().map(|(name, _)| *name));
            self.wrong(word, key, format!("unknown word `{}`", word.value), help);
        }
        found.map(|(_, value)| *value)
    }

    fn level(&mut self, word: &Text, key: String) -> Option<Level> {
        let all: Vec<(&str, Level)> = Level::ALL.iter().chain(Level::ALSO).copied().collect();
        self.word(word, key, &all)
    }

    /// A level that waits no longer, or (`all`) none.
    fn limit(&mut self, word: &Text, key: String) -> Option<Option<Level>> {
        let levels = Level::ALL.iter().chain(Level::ALSO).map(|(word, level)| (*word, Some(*level)));
        let all: Vec<(&str, Option<Level>)> = levels.chain([("all", None)]).collect();
        self.word(word, key, &all)
    }

    fn pattern(&mut self, text: &Text, key: String) -> Option<Pattern> {
        Pattern::parse(&text.value).map_err(|message| self.wrong(text, key, message, None)).ok()
    }

    /// The words of `on:`; `approvals` stands for four.
    fn moments(&mut self, words: &[Text], key: &str) -> Vec<Moment> {
        let known = || Moment::ALL.iter().map(|(word, _)| *word).chain(["approvals"]);
        let mut moments = Vec::new();
        for word in words {
            match word.value.parse::<Moment>() {
                Ok(moment) => moments.push(moment),
                Err(_) if word.value == "approvals" => moments.extend(APPROVALS),
                Err(_) => {
                    let help = hint(&word.value, known());
                    self.wrong(word, key.to_owned(), format!("unknown word `{}`", word.value), help);
                }
            }
        }
        moments
    }

    fn notifier(&mut self, raw: &file::Notifier, at: usize) -> Notifier {
        let name = raw.name.value.clone();
        if self.names[..at].contains(&name) {
            let message = format!("there are two notifiers `{name}`");
            self.wrong(&raw.name, format!("notifiers[{at}].name"), message, None);
        }
        let key = |name: &str| format!("notifiers[{at}].{name}");
        let level = raw.level.as_ref().and_then(|level| self.level(level, key("level")));
        let events = raw.events.iter().filter_map(|kind| self.pattern(kind, key("events"))).collect();
        let on = self.moments(&raw.on, &key("on"));
        Notifier { name, level: level.unwrap_or(Level::Ok), on, events, enabled: raw.enabled }
    }

    fn matching(&mut self, raw: &file::Match, key: &str) -> Match {
        self.strays(&raw.strays, key, file::Match::KEYS);
        let at = |name: &str| below(key, name);
        let statuses = EventStatus::ALL;
        Match {
            source: raw.source.as_ref().and_then(|one| self.pattern(one, at("source"))),
            events: raw.events.iter().filter_map(|one| self.pattern(one, at("events"))).collect(),
            status: raw.status.iter().filter_map(|one| self.word(one, at("status"), statuses)).collect(),
            level: raw.level.as_ref().and_then(|one| self.level(one, at("level"))),
            labels: raw
                .labels
                .0
                .iter()
                .filter_map(|(name, one)| {
                    let pattern = self.pattern(one, at(&format!("labels.{}", name.value)))?;
                    Some((name.value.clone(), pattern))
                })
                .collect(),
        }
    }

    fn inhibition(&mut self, raw: Spanned<file::Inhibit>, at: usize) -> Option<Inhibition> {
        let key = format!("inhibit[{at}]");
        let (place, raw) = apart(raw);
        self.strays(&raw.strays, &key, file::Inhibit::KEYS);
        let when = self.needed(raw.when, (&place, &key), "when");
        let when = when.map(|when| self.matching(&when, &below(&key, "when")));
        let mute = self.needed(raw.mute, (&place, &key), "mute")?;
        let (mute, scope, subject, mut strays) = mute.split();
        strays.extend(subject.map(|text| Spanned { value: "subject".to_owned(), ..text }));
        let mutes = below(&key, "mute");
        let known: Vec<&str> = file::Mute::KEYS.iter().copied().filter(|key| *key != "subject").collect();
        self.strays(&strays, &mutes, &known);
        let mute = self.matching(&mute, &mutes);
        let when = when?;
        if when.is_empty() {
            let message = "it must say what mutes the others".to_owned();
            self.wrong(&place, below(&key, "when"), message, None);
        }
        let equal = raw.equal.into_iter().map(|label| label.value).collect();
        let scope = scope.map(|scope| path(&scope.value));
        Some(Inhibition { line: line_of(&place).0, when, mute, scope, equal })
    }
}

/// A place, and what stands there.
fn apart<T>(spanned: Spanned<T>) -> (Spanned<()>, T) {
    let Spanned { value, referenced, defined } = spanned;
    (Spanned { value: (), referenced, defined }, value)
}
