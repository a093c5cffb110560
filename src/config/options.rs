//! The options of one instance of an adapter: read one by one, every mistake kept with its place.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use super::env::{Env, Origin};
use super::expand::{self, Expanded, expand};
use super::{ConfigError, units};
use crate::model::Secret;

/// One option that is set.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Given {
    value: Expanded,
    origin: Origin,
}

/// Options by their short names, `SERVER` for `CHATOPS_IRC_SERVER`. Equal options mean that the adapter need not
/// start again. `Debug` shows no fetched value; of others only what is no secret may be set in clear.
#[derive(Clone)]
pub struct Options {
    prefix: String,
    file: PathBuf,
    base: PathBuf,
    given: BTreeMap<String, Given>,
    errors: Vec<ConfigError>,
}

impl PartialEq for Options {
    fn eq(&self, other: &Self) -> bool {
        let values = |options: &Self| -> Vec<(String, String)> {
            options
                .given
                .iter()
                .map(|(name, given)| (name.clone(), given.value.expose().to_owned()))
                .collect()
        };
        self.prefix == other.prefix && values(self) == values(other)
    }
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options").field("prefix", &self.prefix).field("given", &self.given.keys()).finish()
    }
}

impl Options {
    /// No options yet; variables begin with `prefix`, relative files at `base`.
    pub(super) fn new(prefix: String, env: &Env, base: &Path) -> Self {
        let (file, base) = (env.file().to_owned(), base.to_owned());
        Self { prefix, file, base, given: BTreeMap::new(), errors: Vec::new() }
    }

    /// Takes the variable of an option. An empty value is as good as none.
    pub(super) fn take(&mut self, option: &str, env: &Env) {
        let name = self.variable(option);
        let (Some(text), Some(origin)) = (env.get(&name), env.origin(&name)) else { return };
        if text.is_empty() {
            return;
        }
        match expand(text, env, &self.base) {
            Ok(value) => {
                self.given.insert(option.to_owned(), Given { value, origin: origin.clone() });
            }
            Err(error) => self.errors.push(origin.error(&name, error.to_string())),
        }
    }

    /// The whole name of an option's variable.
    pub fn variable(&self, option: &str) -> String {
        format!("{}{option}", self.prefix)
    }

    /// Whether there is nothing in it, mistakes neither.
    pub(super) fn is_empty(&self) -> bool {
        self.given.is_empty() && self.errors.is_empty()
    }

    /// Whether an option is set.
    pub fn has(&self, option: &str) -> bool {
        self.given.contains_key(option)
    }

    /// The text of an option.
    pub fn optional(&self, option: &str) -> Option<String> {
        self.given.get(option).map(|given| given.value.expose().to_owned())
    }

    /// The text of an option that must be there; without it empty text and a mistake.
    pub fn required(&mut self, option: &str) -> String {
        self.optional(option).unwrap_or_else(|| {
            let error = ConfigError::new(&self.file, "is missing").key(self.variable(option));
            self.errors.push(error.help("set it here or in the environment"));
            String::new()
        })
    }

    /// A secret option.
    pub fn secret(&self, option: &str) -> Option<Secret> {
        self.given.get(option).map(|given| given.value.clone().into_secret())
    }

    /// A secret option that must be there; without it an empty one and a mistake.
    pub fn required_secret(&mut self, option: &str) -> Secret {
        Secret::new(self.required(option))
    }

    /// The comma-separated parts of an option.
    pub fn list(&self, option: &str) -> Vec<String> {
        let text = self.given.get(option).map(|given| given.value.expose()).unwrap_or_default();
        expand::split(text).map(str::to_owned).collect()
    }

    /// An option that is `on` or `off` (`true`, `yes`, `1`; `false`, `no`, `0`).
    pub fn switch(&mut self, option: &str) -> Option<bool> {
        self.parse(option, |text| match text.to_ascii_lowercase().as_str() {
            "on" | "true" | "yes" | "1" => Ok(true),
            "off" | "false" | "no" | "0" => Ok(false),
            _ => Err(format!("`{text}` is not accepted, write `on` or `off`")),
        })
    }

    /// An option that is a span of time: `30`, `30s`, `5m`.
    pub fn duration(&mut self, option: &str) -> Option<Duration> {
        self.parse(option, units::duration)
    }

    /// An option that is a file; a relative one begins at the home directory.
    pub fn path(&self, option: &str) -> Option<PathBuf> {
        self.given.get(option).map(|given| self.base.join(given.value.expose()))
    }

    /// An option of any type that reads itself; `accepted` says what that is, such as `a port number`.
    pub fn parsed<T: FromStr>(&mut self, option: &str, accepted: &str) -> Option<T> {
        self.parse(option, |text| {
            text.parse().map_err(|_| format!("`{text}` is not accepted, write {accepted}"))
        })
    }

    /// An option that `read` understands or says why not.
    pub fn parse<T>(&mut self, option: &str, read: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let given = self.given.get(option)?;
        let outcome = read(given.value.expose().trim());
        let message = match outcome {
            Ok(value) => return Some(value),
            Err(_) if matches!(given.value, Expanded::Fetched(_)) => {
                "the value it refers to is not accepted".to_owned()
            }
            Err(message) => message,
        };
        self.reject(option, message);
        None
    }

    /// A mistake that the adapter itself found in an option. The message must not hold a secret.
    pub fn reject(&mut self, option: &str, message: impl Into<String>) {
        let name = self.variable(option);
        let error = match self.given.get(option) {
            Some(given) => given.origin.error(&name, message),
            None => ConfigError::new(&self.file, message).key(name),
        };
        self.errors.push(error);
    }

    /// Every mistake so far, if any.
    pub fn finish(&mut self) -> Result<(), Vec<ConfigError>> {
        let errors = std::mem::take(&mut self.errors);
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}
