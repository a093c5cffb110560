//! The routing part of `notifiers.yaml` as it is written. Keys that nobody knows are kept with their places, so
//! that all of them are told at once.

mod escalates;
mod send;

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value};

use crate::config::yaml::{Pairs, Spanned};

pub(in crate::route) use escalates::Escalates;
pub(in crate::route) use send::Send;

/// A text and its place.
pub(in crate::route) type Text = Spanned<String>;

/// A mapping with these keys: one row a key. Each may be missing; the others are `strays`.
macro_rules! mapping {
    ($(#[$doc:meta])* $name:ident { $($key:literal => $field:ident: $kind:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Default)]
        pub(in crate::route) struct $name {
            $(pub(in crate::route) $field: $kind,)*
            pub(in crate::route) strays: Vec<Text>,
        }

        impl $name {
            pub(in crate::route) const KEYS: &[&str] = &[$($key),*];
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Keys;
                impl<'de> Visitor<'de> for Keys {
                    type Value = $name;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("a mapping (`key: value`)")
                    }

                    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<$name, A::Error> {
                        let mut raw = $name::default();
                        while let Some(key) = access.next_key::<Text>()? {
                            match key.value.as_str() {
                                $($key => raw.$field = access.next_value()?,)*
                                _ => {
                                    access.next_value::<IgnoredAny>()?;
                                    raw.strays.push(key);
                                }
                            }
                        }
                        Ok(raw)
                    }
                }
                deserializer.deserialize_map(Keys)
            }
        }
    };
}

mapping! {
    File {
        "notifiers" => notifiers: Vec<Notifier>,
        "routes" => routes: Vec<Spanned<Route>>,
        "quiet" => quiet: Vec<Spanned<Quiet>>,
        "inhibit" => inhibit: Vec<Spanned<Inhibit>>,
        "limits" => limits: Limits,
        "fallback" => fallback: Vec<Text>,
        "rules" => rules: Vec<Spanned<Reaction>>,
        "sources" => sources: Ignored,
    }
}

/// What another room reads.
#[derive(Debug, Default)]
pub(in crate::route) struct Ignored;

impl<'de> Deserialize<'de> for Ignored {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

/// The keys of a notifier that routing needs; the others are another room's.
#[derive(Debug, serde::Deserialize)]
pub(in crate::route) struct Notifier {
    pub(in crate::route) name: Text,
    #[serde(default)]
    pub(in crate::route) level: Option<Text>,
    #[serde(default)]
    pub(in crate::route) on: Vec<Text>,
    #[serde(default)]
    pub(in crate::route) events: Vec<Text>,
    #[serde(default = "yes")]
    pub(in crate::route) enabled: bool,
}

fn yes() -> bool {
    true
}

mapping! {
    Route {
        "match" => matching: Match,
        "scope" => scope: Option<Text>,
        "on" => on: Vec<Text>,
        "inherit" => inherit: Option<Text>,
        "except" => except: Vec<Text>,
        "group" => group: Option<Spanned<Group>>,
        "digest" => digest: Option<Spanned<Digest>>,
        "after" => after: Option<Spanned<After>>,
        "repeat" => repeat: Option<Text>,
        "still_running" => still_running: Option<Text>,
        "escalate" => escalate: Escalates,
        "send" => send: Vec<Spanned<Send>>,
    }
}

mapping! {
    /// `match` of a route, `when` of an inhibition.
    Match {
        "source" => source: Option<Text>,
        "events" => events: Vec<Text>,
        "status" => status: Vec<Text>,
        "level" => level: Option<Text>,
        "labels" => labels: Pairs<Text>,
    }
}

mapping! {
    /// What is muted: the keys of `match`, and more.
    Mute {
        "source" => source: Option<Text>,
        "events" => events: Vec<Text>,
        "status" => status: Vec<Text>,
        "level" => level: Option<Text>,
        "labels" => labels: Pairs<Text>,
        "scope" => scope: Option<Text>,
        "subject" => subject: Option<Text>,
    }
}

impl Mute {
    /// Its parts: what both have, the scope, the subject, and the other keys.
    pub(in crate::route) fn split(self) -> (Match, Option<Text>, Option<Text>, Vec<Text>) {
        let Self { source, events, status, level, labels, scope, subject, strays } = self;
        (Match { source, events, status, level, labels, strays: Vec::new() }, scope, subject, strays)
    }
}

mapping! {
    /// A rule that runs something.
    Reaction {
        "name" => name: Option<Text>,
        "match" => matching: Match,
        "run" => run: Option<Text>,
        "with" => with: With,
        "command" => command: Option<Text>,
        "as" => owner: Option<Text>,
        "in" => place: Option<Text>,
        "limit" => limit: Option<Spanned<After>>,
        "approval" => approval: Option<Spanned<Value>>,
    }
}

/// Parameters of an action, whatever they are.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(transparent)]
pub(in crate::route) struct With {
    pub(in crate::route) value: Map<String, Value>,
}

mapping! { Escalate { "after" => after: Option<Text>, "to" => to: Vec<Text>, } }

mapping! {
    Inhibit {
        "when" => when: Option<Match>,
        "mute" => mute: Option<Mute>,
        "equal" => equal: Vec<Text>,
    }
}

mapping! {
    Limits {
        "still_running" => still_running: Option<Text>,
        "flapping" => flapping: Option<Spanned<Flapping>>,
    }
}

mapping! { Flapping { "changes" => changes: Option<Spanned<usize>>, "within" => within: Option<Text>, } }
mapping! { After { "count" => count: Option<Spanned<usize>>, "within" => within: Option<Text>, } }
mapping! { Group { "by" => by: Vec<Text>, "wait" => wait: Option<Text>, } }

mapping! {
    Quiet {
        "name" => name: Option<Text>,
        "days" => days: Vec<Text>,
        "from" => from: Option<Text>,
        "to" => to: Option<Text>,
        "zone" => zone: Option<Text>,
        "below" => below: Option<Text>,
        "then" => then: Option<Text>,
    }
}

mapping! {
    DigestKeys {
        "every" => every: Option<Text>,
        "at" => at: Option<Text>,
        "zone" => zone: Option<Text>,
        "below" => below: Option<Text>,
    }
}

/// A span, or more about it.
#[derive(Debug)]
pub(in crate::route) enum Digest {
    Span(String),
    Keys(Box<DigestKeys>),
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Digest;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a span such as `1h`, or `{at: \"08:00\", zone: UTC}`")
            }

            fn visit_str<E: de::Error>(self, span: &str) -> Result<Digest, E> {
                Ok(Digest::Span(span.to_owned()))
            }

            fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Digest, E> {
                Ok(Digest::Span(seconds.to_string()))
            }

            fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<Digest, A::Error> {
                let keys = DigestKeys::deserialize(MapAccessDeserializer::new(access))?;
                Ok(Digest::Keys(Box::new(keys)))
            }
        }
        deserializer.deserialize_any(Either)
    }
}
