//! `escalate:` of a route as it is written: one mapping, or a list of them.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};

use super::Escalate;
use crate::config::yaml::Spanned;

/// One escalation, or several.
#[derive(Debug, Default)]
pub(in crate::route) struct Escalates(pub(in crate::route) Vec<Spanned<Escalate>>);

impl<'de> Deserialize<'de> for Escalates {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The place is that of the whole: one mapping is common, and few are wrong.
        let either = Spanned::<EscalatesRaw>::deserialize(deserializer)?;
        let Spanned { value, referenced, defined } = either;
        Ok(Self(match value {
            EscalatesRaw::One(one) => vec![Spanned { value: *one, referenced, defined }],
            EscalatesRaw::Many(many) => many,
        }))
    }
}

#[derive(Debug)]
enum EscalatesRaw {
    One(Box<Escalate>),
    Many(Vec<Spanned<Escalate>>),
}

impl<'de> Deserialize<'de> for EscalatesRaw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = EscalatesRaw;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`{after: 10m, to: [pager]}`, or a list of such")
            }

            fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<EscalatesRaw, A::Error> {
                let one = Escalate::deserialize(MapAccessDeserializer::new(access))?;
                Ok(EscalatesRaw::One(Box::new(one)))
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut access: A) -> Result<EscalatesRaw, A::Error> {
                let mut all = Vec::new();
                while let Some(one) = access.next_element()? {
                    all.push(one);
                }
                Ok(EscalatesRaw::Many(all))
            }
        }
        deserializer.deserialize_any(Either)
    }
}
