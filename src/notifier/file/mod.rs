//! `notifiers.yaml`: the part under `notifiers:`.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::proof::{self, Form};
use super::{Messages, Service, Text, pace, place};
use crate::config::env::Env;
use crate::config::expand::{Expanded, expand, expand_list};
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
    /// Deliveries per second; `None` for no limit of ours.
    pub rate: Option<f64>,
    /// Where it sends.
    pub service: Service,
    /// Its options, expanded: holds secrets.
    options: Hidden,
    /// Where relative paths begin.
    base: PathBuf,
}

/// Values with secrets in them.
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
    let mut read = Read::default();
    for (index, (entry, plain)) in typed.notifiers.into_iter().zip(plain.notifiers).enumerate() {
        let reader = Reader { file, text, key: format!("notifiers[{index}]"), env, base };
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
    env: &'a Env,
    base: &'a Path,
}

impl Reader<'_> {
    fn error<T>(&self, at: &Spanned<T>, part: &str, message: String) -> ConfigError {
        let (line, column) = line_of(at);
        ConfigError::new(self.file, message).at(line, column).key(format!("{}.{part}", self.key))
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
        let wrong = |why| self.error(spanned, part, why).excerpt_of(self.text);
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
            return Err(self.error(name, "name", message).excerpt_of(self.text));
        }
        if twice {
            let error = self.error(name, "name", format!("two notifiers are called `{}`", name.value));
            return Err(error.excerpt_of(self.text).help("rename one of them"));
        }
        let in_flight =
            self.checked(entry.in_flight.as_ref(), "in_flight", |given| pace::in_flight(*given))?;
        let rate = self.checked(entry.rate.as_ref(), "rate", |text| pace::rate(text))?;
        let written = options.clone();
        let wrong = |message: String| self.option_error(&entry.to, &written, message);
        let mut options = self.expanded(options).map_err(wrong)?;
        own(&mut options).into_iter().for_each(|own| at_home(own, self.base));
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
            base: self.base.to_owned(),
            options: Hidden(options),
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
                let wrong = |why| self.error(text, &part, why).excerpt_of(self.text);
                tried.map(|()| Some(text.value.clone())).map_err(wrong)
            };
            let message = text("message", Form::Text, message)?;
            let (body, html) = (text("body", Form::Text, body)?, text("html", Form::Html, html)?);
            all.insert(*moment, Text { message, body, html });
        }
        Ok(all)
    }

    fn expanded(&self, map: Map<String, Value>) -> Result<Map<String, Value>, String> {
        map.into_iter().map(|(key, value)| Ok((key, self.value(value)?))).collect()
    }

    /// Every text in `value` expanded; an item that is one variable gives its comma-separated parts.
    fn value(&self, value: Value) -> Result<Value, String> {
        match value {
            Value::String(text) => {
                let expanded = expand(&text, self.env, self.base).map_err(|error| error.to_string())?;
                Ok(Value::from(expanded.expose()))
            }
            Value::Array(items) if items.iter().all(Value::is_string) => {
                let texts: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
                let all = expand_list(&texts, self.env, self.base).map_err(|error| error.to_string())?;
                Ok(all.iter().map(Expanded::expose).collect())
            }
            Value::Array(items) => items.into_iter().map(|item| self.value(item)).collect(),
            Value::Object(map) => self.expanded(map).map(Value::Object),
            other => Ok(other),
        }
    }
}

fn build(options: &Map<String, Value>) -> Result<Service, String> {
    let service: Service = serde_json::from_value(Value::Object(options.clone()))
        .map_err(|_| "a value that stands elsewhere is not of the accepted kind".to_owned())?;
    service.check()?;
    Ok(service)
}

/// The options under the kind.
fn own(options: &mut Map<String, Value>) -> Option<&mut Map<String, Value>> {
    options.values_mut().next().and_then(Value::as_object_mut)
}

/// Relative paths of files begin at the home, wherever the program was started.
fn at_home(options: &mut Map<String, Value>, base: &Path) {
    for key in ["ca_file", "client_certificate", "file"] {
        if let Some(Value::String(path)) = options.get_mut(key)
            && !path.is_empty()
        {
            *path = base.join(&path).display().to_string();
        }
    }
    // A program without a slash is looked up in PATH.
    if let Some(Value::String(program)) = options.get_mut("command").and_then(|command| command.get_mut(0))
        && program.contains('/')
    {
        *program = base.join(&program).display().to_string();
    }
    if let Some(http) = options.get_mut("http").and_then(Value::as_object_mut) {
        at_home(http, base);
    }
}

/// Lays a route's options over the notifier's own; of `http`, only those that it names.
fn lay_over(options: &mut Map<String, Value>, overrides: &Map<String, Value>) {
    for (key, value) in overrides {
        match (options.get_mut(key), value) {
            (Some(Value::Object(http)), Value::Object(own)) if key == "http" => http.extend(own.clone()),
            _ => drop(options.insert(key.clone(), value.clone())),
        }
    }
}

/// What the reader of options says, without the value that it found.
fn told(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.split_once(", expected ") {
        Some((found, accepted)) if found.starts_with("invalid") => {
            format!("an option is not of the accepted kind: expected {accepted}")
        }
        _ => text,
    }
}

fn is_name(name: &str) -> bool {
    let accepted = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (1..=64).contains(&name.len()) && name.chars().all(accepted)
}

impl Configured {
    /// The same destination with some options replaced, as a route's `send:` may ask: `{"channels": ["#web"]}`.
    ///
    /// # Errors
    /// An option is unknown, of the wrong kind or not accepted; one sentence without values.
    pub fn with(&self, overrides: &Map<String, Value>) -> Result<Service, String> {
        let mut all = self.options.0.clone();
        let options = own(&mut all).ok_or("the notifier has no options")?;
        lay_over(options, overrides);
        at_home(options, &self.base);
        let service: Service = serde_json::from_value(Value::Object(all)).map_err(|error| told(&error))?;
        service.check()?;
        Ok(service)
    }
}
