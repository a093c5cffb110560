//! The routing part of `notifiers.yaml` as it is written.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use crate::config::yaml::{Pairs, Spanned};

#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct File {
    pub(super) notifiers: Vec<Notifier>,
    pub(super) routes: Vec<Spanned<Route>>,
    pub(super) quiet: Vec<Spanned<Quiet>>,
    /// Read by another room.
    pub(super) sources: Value,
}

/// The keys of a notifier that routing needs; the others are another room's.
#[derive(Debug, serde::Deserialize)]
pub(super) struct Notifier {
    pub(super) name: Spanned<String>,
    #[serde(default)]
    pub(super) level: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) events: Vec<String>,
    #[serde(default = "yes")]
    pub(super) enabled: bool,
}

fn yes() -> bool {
    true
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Route {
    pub(super) scope: Option<Spanned<String>>,
    #[serde(rename = "match")]
    pub(super) matching: Match,
    pub(super) on: Vec<Spanned<String>>,
    pub(super) inherit: Option<Spanned<String>>,
    pub(super) except: Vec<Spanned<String>>,
    pub(super) send: Vec<Spanned<Send>>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Match {
    pub(super) source: Option<Spanned<String>>,
    pub(super) events: Vec<Spanned<String>>,
    pub(super) status: Vec<Spanned<String>>,
    pub(super) level: Option<Spanned<String>>,
    pub(super) labels: Pairs<Spanned<String>>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Quiet {
    pub(super) name: String,
    pub(super) from: Spanned<String>,
    pub(super) to: Spanned<String>,
    pub(super) zone: Spanned<String>,
    pub(super) below: Spanned<String>,
    pub(super) then: Spanned<String>,
}

/// A notifier's name, or its name with options.
#[derive(Debug)]
pub(super) struct Send {
    pub(super) name: String,
    pub(super) options: Option<Value>,
}

impl<'de> Deserialize<'de> for Send {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SendVisitor)
    }
}

struct SendVisitor;

impl<'de> Visitor<'de> for SendVisitor {
    type Value = Send;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a notifier's name, or one `name: {options}`")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Send, E> {
        Ok(Send { name: name.to_owned(), options: None })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Send, A::Error> {
        let first = access.next_entry::<String, Value>()?;
        let (name, options) = first.ok_or_else(|| de::Error::custom("the entry names no notifier"))?;
        if access.next_key::<String>()?.is_some() {
            return Err(de::Error::custom("one entry names one notifier"));
        }
        Ok(Send { name, options: Some(options) })
    }
}
