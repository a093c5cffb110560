//! `notifiers.yaml`: the part under `notifiers:`.

mod live;
mod mistakes;
mod options;
mod reader;
#[cfg(test)]
mod tests;
mod texts;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::pace::Rate;
use super::{Messages, Row, Service};
use crate::config::env::Env;
use crate::config::yaml::{self, Spanned};
use crate::config::{ConfigError, Problem};
use crate::model::Moment;
use reader::Reader;

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
/// form of the file refuses all of it; a mistake in one notifier's values refuses that one. All mistakes are told, in the
/// order of their lines.
pub fn read(file: &Path, text: &str, env: &Env, base: &Path) -> Read {
    entries(file, text, env, base).unwrap_or_else(|first| {
        let errors = mistakes::all(file, text, first, env, base);
        Read { notifiers: Vec::new(), problems: errors.into_iter().map(Problem::Error).collect() }
    })
}

/// The entries of a file.
///
/// # Errors
/// The first mistake in the form of the file.
fn entries(file: &Path, text: &str, env: &Env, base: &Path) -> Result<Read, ConfigError> {
    let (typed, plain) = (yaml::read::<File>(file, text)?, yaml::read::<Plain>(file, text)?);
    let (mut read, env) = (Read::default(), Arc::new(env.clone()));
    for (index, (entry, plain)) in typed.notifiers.into_iter().zip(plain.notifiers).enumerate() {
        let reader = Reader { file, text, key: format!("notifiers[{index}]"), env: &env, base };
        let twice = read.notifiers.iter().any(|earlier| earlier.name == entry.name.value);
        match reader.configured(entry, plain.to, twice, &mut read.problems) {
            Ok(notifier) => read.notifiers.push(notifier),
            Err(errors) => read.problems.extend(errors.into_iter().map(Problem::Error)),
        }
    }
    Ok(read)
}

/// The service that the options make, unchecked.
fn form(options: &Map<String, Value>) -> Result<Service, String> {
    serde_json::from_value(Value::Object(options.clone()))
        .map_err(|_| "a value that stands elsewhere is not of the accepted kind".to_owned())
}

fn build(options: &Map<String, Value>) -> Result<Service, String> {
    let service = form(options)?;
    service.check()?;
    Ok(service)
}

fn is_name(name: &str) -> bool {
    let accepted = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (1..=64).contains(&name.len()) && name.chars().all(accepted)
}
