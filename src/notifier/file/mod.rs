//! `notifiers.yaml`: the part under `notifiers:`.

mod live;
mod options;
#[cfg(test)]
mod tests;
mod texts;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::proof::{self, Form};
use super::pace::{self, Rate};
use super::{Messages, Row, Service, Text, place};
use crate::config::env::Env;
use crate::config::yaml::{self, Spanned, line_of};
use crate::config::{ConfigError, Problem};
use crate::model::Moment;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    notifiers: Vec<Entry>,
    #[serde(default, rename = "routes")]
    _routes: IgnoredAny,
    #[serde(default, rename = "quiet")]
    _quiet: IgnoredAny,
    #[serde(default, rename = "inhibit")]
    _inhibit: IgnoredAny,
    #[serde(default, rename = "limits")]
    _limits: IgnoredAny,
    #[serde(default, rename = "fallback")]
    _fallback: IgnoredAny,
    #[serde(default, rename = "rules")]
    _rules: IgnoredAny,
    #[serde(default, rename = "sources")]
    _sources: IgnoredAny,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: Spanned<String>,
    #[serde(default)]
    description: String,
    #[serde(default = "on")]
    enabled: bool,
    to: Spanned<Service>,
    // Who hears of what is for the routes to read.
    #[serde(default, rename = "level")]
    _level: IgnoredAny,
    #[serde(default, rename = "on")]
    _on: IgnoredAny,
    #[serde(default, rename = "events")]
    _events: IgnoredAny,
    #[serde(default)]
    messages: BTreeMap<Moment, Written>,
    #[serde(default)]
    in_flight: Option<Spanned<i64>>,
    #[serde(default)]
    rate: Option<Spanned<String>>,
}

/// One text of `messages:`, with its place.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Written {
    message: Option<Spanned<String>>,
    body: Option<Spanned<String>>,
    html: Option<Spanned<String>>,
}

fn on() -> bool {
    true
}

/// The same file as plain values, to expand what stands elsewhere.
#[derive(Deserialize)]
struct Plain {
    #[serde(default)]
    notifiers: Vec<PlainEntry>,
}

#[derive(Deserialize)]
struct PlainEntry {
    to: Map<String, Value>,
}

/// A notifier that may be used.
#[derive(Debug)]
pub struct Configured {
    /// What routes call it.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Whether it takes part.
    pub enabled: bool,
    /// Its own texts.
    pub messages: Messages,
    /// How many deliveries may be on their way at once, 1 to 64; `None` for the usual number.
    pub in_flight: Option<usize>,
    /// How many deliveries at most in a time; `None` for no limit of ours.
    pub rate: Option<Rate>,
    /// Where it sends.
    pub service: Service,
    /// Its options, expanded: holds secrets.
    options: Hidden,
    /// Its options as they were written, with the names of what stands elsewhere.
    written: Hidden,
    /// Where values come from that stand elsewhere.
    origin: Origin,
}

/// Where values come from that stand elsewhere, and where relative paths begin.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    env: Arc<Env>,
    base: PathBuf,
}

impl Origin {
    /// Variables of `env`, files below `base`.
    pub fn new(env: &Env, base: &Path) -> Self {
        Self { env: Arc::new(env.clone()), base: base.to_owned() }
    }
}

/// Values with secrets in them.
#[derive(Clone)]
struct Hidden(Map<String, Value>);

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// What a file held.
#[derive(Debug, Default)]
pub struct Read {
    /// The good notifiers, in the file's order.
    pub notifiers: Vec<Configured>,
    /// What is wrong, and what is worth a word.
    pub problems: Vec<Problem>,
}

/// Reads the text of `file`. `${NAME}` comes from `env`, relative `file:` paths begin at `base`. A mistake in the
/// form of the file refuses all of it; a mistake in one notifier's values refuses that one.
pub fn read(file: &Path, text: &str, env: &Env, base: &Path) -> Read {
    let parsed =
        yaml::read::<File>(file, text).and_then(|typed| Ok((typed, yaml::read::<Plain>(file, text)?)));
    let (typed, plain) = match parsed {
        Ok(both) => both,
        Err(error) => return Read { notifiers: Vec::new(), problems: vec![Problem::Error(error)] },
    };
    let (mut read, env) = (Read::default(), Arc::new(env.clone()));
    for (index, (entry, plain)) in typed.notifiers.into_iter().zip(plain.notifiers).enumerate() {
        let reader = Reader { file, text, key: format!("notifiers[{index}]"), env: &env, base };
        let twice = read.notifiers.iter().any(|earlier| earlier.name == entry.name.value);
        match reader.configured(entry, plain.to, twice, &mut read.problems) {
            Ok(notifier) => read.notifiers.push(notifier),
            Err(error) => read.problems.push(Problem::Error(error)),
        }
    }
    read
}

/// One entry's surroundings.
struct Reader<'a> {
    file: &'a Path,
    text: &'a str,
    key: String,
    env: &'a Arc<Env>,
    base: &'a Path,
}

impl Reader<'_> {
    fn error<T>(&self, at: &Spanned<T>, part: &str, message: String) -> ConfigError {
        let (line, column) = line_of(at);
        ConfigError::new(self.file, message).at(line, column).key(format!("{}.{part}", self.key))
    }

    /// The same with its line, unless a secret is written there.
    fn quoted(&self, error: ConfigError) -> ConfigError {
        let hidden = error.at.is_none_or(|(line, _)| yaml::holds_secret(self.text, line));
        if hidden { error } else { error.excerpt_of(self.text) }
    }

    /// An error about an option, at its own place where that can be told.
    fn option_error(
        &self,
        to: &Spanned<Service>,
        options: &Map<String, Value>,
        message: String,
    ) -> ConfigError {
        match place::of(self.text, line_of(to).0, options, &message) {
            Some(found) => ConfigError::new(self.file, message)
                .at(found.at.0, found.at.1)
                .key(format!("{}.to.{}", self.key, found.key)),
            None => self.error(to, "to", message),
        }
    }

    /// What `read` makes of a value, if there is one.
    fn checked<T, R>(
        &self,
        value: Option<&Spanned<T>>,
        part: &str,
        read: impl FnOnce(&T) -> Result<R, String>,
    ) -> Result<Option<R>, ConfigError> {
        let Some(spanned) = value else { return Ok(None) };
        let wrong = |why| self.quoted(self.error(spanned, part, why));
        read(&spanned.value).map(Some).map_err(wrong)
    }

    fn configured(
        &self,
        entry: Entry,
        options: Map<String, Value>,
        twice: bool,
        problems: &mut Vec<Problem>,
    ) -> Result<Configured, ConfigError> {
        let name = &entry.name;
        if !is_name(&name.value) {
            let message =
                format!("`{}` is no name: letters, digits, `-`, `_` and `.` are accepted", name.value);
            return Err(self.quoted(self.error(name, "name", message)));
        }
        if twice {
            let error = self.error(name, "name", format!("two notifiers are called `{}`", name.value));
            return Err(self.quoted(error).help("rename one of them"));
        }
        let in_flight =
            self.checked(entry.in_flight.as_ref(), "in_flight", |given| pace::in_flight(*given))?;
        let rate = self.checked(entry.rate.as_ref(), "rate", |text| Rate::parse(text))?;
        let written = options.clone();
        let wrong = |message: String| self.option_error(&entry.to, &written, message);
        let mut options = options::expanded(options, self.env, self.base).map_err(wrong)?;
        options::own(&mut options).into_iter().for_each(|own| options::at_home(own, self.base));
        let service = build(&options).map_err(wrong)?;
        let messages = self.messages(&entry.messages)?;
        problems.extend(service.warnings().into_iter().map(|text| Problem::Warning(wrong(text))));
        Ok(Configured {
            name: entry.name.value,
            description: entry.description,
            enabled: entry.enabled,
            messages,
            in_flight,
            rate,
            service,
            origin: Origin { env: self.env.clone(), base: self.base.to_owned() },
            options: Hidden(options),
            written: Hidden(written.clone()),
        })
    }

    /// The texts, each tried on sample events.
    fn messages(&self, written: &BTreeMap<Moment, Written>) -> Result<Messages, ConfigError> {
        let mut all = Messages::new();
        for (moment, Written { message, body, html }) in written {
            let text = |part: &str, form: Form, text: &Option<Spanned<String>>| {
                let Some(text) = text else { return Ok(None) };
                let part = format!("messages.{}.{part}", moment.word());
                let tried = proof::check(*moment, form, &text.value);
                let wrong = |why| self.quoted(self.error(text, &part, why));
                tried.map(|()| Some(text.value.clone())).map_err(wrong)
            };
            let message = text("message", Form::Text, message)?;
            let (body, html) = (text("body", Form::Text, body)?, text("html", Form::Html, html)?);
            all.insert(*moment, Text { message, body, html });
        }
        Ok(all)
    }
}

fn build(options: &Map<String, Value>) -> Result<Service, String> {
    let service: Service = serde_json::from_value(Value::Object(options.clone()))
        .map_err(|_| "a value that stands elsewhere is not of the accepted kind".to_owned())?;
    service.check()?;
    Ok(service)
}

fn is_name(name: &str) -> bool {
    let accepted = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (1..=64).contains(&name.len()) && name.chars().all(accepted)
}
