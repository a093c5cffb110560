//! The rules, as checked.

use std::path::Path;

use serde_json::Value;

use super::{Match, Pattern, Quiet, Trigger};
use crate::config::ConfigError;
use crate::model::Level;

/// Everything that decides who hears of an event.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// Where events may be sent.
    pub notifiers: Vec<Notifier>,
    /// The routes in the order of the file.
    pub routes: Vec<Route>,
    /// When not to disturb.
    pub quiet: Vec<Quiet>,
}

impl Rules {
    /// Reads the text of `notifiers.yaml`.
    ///
    /// # Errors
    /// Everything that is wrong with its routes, with places.
    pub fn parse(file: &Path, text: &str) -> Result<Self, Vec<ConfigError>> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let raw = crate::config::yaml::read(file, text).map_err(|error| vec![error])?;
        super::check::check(file, text, &raw)
    }
}

/// What routing knows of a notifier.
#[derive(Debug, Clone)]
pub struct Notifier {
    /// Its name.
    pub name: String,
    /// Events below are not for it.
    pub level: Level,
    /// Kinds of events that it takes; all if empty.
    pub events: Vec<Pattern>,
    /// Whether it is on.
    pub enabled: bool,
}

/// One rule.
#[derive(Debug, Clone)]
pub struct Route {
    /// The line in the file.
    pub line: u64,
    /// The path that it, and everything below, is about.
    pub scope: Option<String>,
    /// Which events.
    pub matching: Match,
    /// At which moments; [`Trigger::Any`] where the file names none.
    pub on: Vec<Trigger>,
    /// What becomes of the routes above.
    pub inherit: Inherit,
    /// To whom.
    pub send: Vec<Send>,
}

/// What a route of a scope means for those of the scopes above.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inherit {
    /// They send too.
    Append,
    /// When this route sends, they do not.
    Replace,
    /// They never send.
    None,
    /// They send, but not to these notifiers.
    Except(Vec<String>),
}

/// A notifier, perhaps with other options.
#[derive(Debug, Clone, PartialEq)]
pub struct Send {
    /// The notifier's name.
    pub notifier: String,
    /// Options that replace its own, for its kind to check.
    pub options: Option<Value>,
}
