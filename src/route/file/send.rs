//! One entry of `send:` as it is written.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};

use super::Digest;
use crate::config::yaml::Spanned;

/// A notifier's name, or its name with options.
#[derive(Debug)]
pub(in crate::route) struct Send {
    pub(in crate::route) name: String,
    pub(in crate::route) options: Option<Value>,
    pub(in crate::route) digest: Option<Spanned<Digest>>,
}

impl<'de> Deserialize<'de> for Send {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;
        impl<'de> Visitor<'de> for Name {
            type Value = Send;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a notifier's name, or one `name: {options}`")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Send, E> {
                Ok(Send { name: name.to_owned(), options: None, digest: None })
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Send, A::Error> {
                let first = access.next_entry::<String, Options>()?;
                let (name, options) =
                    first.ok_or_else(|| de::Error::custom("the entry names no notifier"))?;
                if access.next_key::<String>()?.is_some() {
                    return Err(de::Error::custom("one entry names one notifier"));
                }
                let Options { own, digest } = options;
                let options = (!own.is_empty()).then_some(Value::Object(own));
                Ok(Send { name, options, digest })
            }
        }
        deserializer.deserialize_any(Name)
    }
}

/// The options of a notifier, and what a route says beside them.
#[derive(Debug, Default)]
struct Options {
    own: Map<String, Value>,
    digest: Option<Spanned<Digest>>,
}

impl<'de> Deserialize<'de> for Options {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;
        impl<'de> Visitor<'de> for Keys {
            type Value = Options;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the notifier's options (`key: value`)")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Options, A::Error> {
                let mut options = Options::default();
                while let Some(key) = access.next_key::<String>()? {
                    if key == "digest" {
                        options.digest = Some(access.next_value()?);
                    } else {
                        options.own.insert(key, access.next_value()?);
                    }
                }
                Ok(options)
            }
        }
        deserializer.deserialize_map(Keys)
    }
}
