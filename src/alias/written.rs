//! An alias file as people write it: StackStorm's fields, and messages that say what was found and what is accepted.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::config::yaml::Spanned;

/// The file. What StackStorm computes itself (`ref`, `uid`, `id`, `metadata_file`) is accepted and not used.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    pub(super) name: Spanned<Text>,
    pub(super) pack: Option<Spanned<Text>>,
    #[serde(rename = "ref")]
    _reference: Option<Text>,
    #[serde(rename = "uid")]
    _uid: Option<Text>,
    #[serde(rename = "id")]
    _id: Option<Text>,
    #[serde(default, rename = "metadata_file")]
    _metadata_file: Text,
    pub(super) description: Option<Text>,
    #[serde(default = "Flag::on")]
    pub(super) enabled: Flag,
    pub(super) action_ref: Spanned<Text>,
    pub(super) formats: Option<Vec<Spanned<Entry>>>,
    pub(super) ack: Option<WrittenAck>,
    pub(super) result: Option<WrittenResult>,
    pub(super) extra: Option<Map<String, Value>>,
    pub(super) immutable_parameters: Option<Map<String, Value>>,
}

/// `ack:`; unknown keys are accepted, as in StackStorm.
#[derive(Debug, Default, Deserialize)]
pub(super) struct WrittenAck {
    pub(super) enabled: Option<Flag>,
    pub(super) format: Option<Text>,
    pub(super) append_url: Option<Flag>,
    pub(super) extra: Option<Map<String, Value>>,
}

/// `result:`; unknown keys are accepted, as in StackStorm.
#[derive(Debug, Default, Deserialize)]
pub(super) struct WrittenResult {
    pub(super) enabled: Option<Flag>,
    pub(super) format: Option<Text>,
    pub(super) extra: Option<Map<String, Value>>,
}

/// One entry of `formats`.
#[derive(Debug)]
pub(super) enum Entry {
    Text(String),
    Object { display: Option<String>, representation: Vec<Spanned<Text>>, multiple: bool },
}

/// Text; a bare number or boolean is refused with the advice to quote it.
#[derive(Debug, Default)]
pub(super) struct Text(pub(super) String);

/// A boolean, and nothing that looks like one.
#[derive(Debug)]
pub(super) struct Flag(pub(super) bool);

impl Flag {
    fn on() -> Self {
        Self(true)
    }
}

struct TextVisitor;

impl Visitor<'_> for TextVisitor {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Text, E> {
        Ok(Text(text.to_owned()))
    }

    fn visit_bool<E: Error>(self, found: bool) -> Result<Text, E> {
        Err(E::custom(format!("expected text, found the boolean `{found}`: put it in quotes")))
    }

    fn visit_i64<E: Error>(self, found: i64) -> Result<Text, E> {
        Err(E::custom(format!("expected text, found the number `{found}`: put it in quotes")))
    }

    fn visit_u64<E: Error>(self, found: u64) -> Result<Text, E> {
        Err(E::custom(format!("expected text, found the number `{found}`: put it in quotes")))
    }

    fn visit_f64<E: Error>(self, found: f64) -> Result<Text, E> {
        Err(E::custom(format!("expected text, found the number `{found}`: put it in quotes")))
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct FlagVisitor;

impl Visitor<'_> for FlagVisitor {
    type Value = Flag;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`true` or `false`, without quotes")
    }

    fn visit_bool<E: Error>(self, found: bool) -> Result<Flag, E> {
        Ok(Flag(found))
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FlagVisitor)
    }
}

struct EntryVisitor;

impl<'de> Visitor<'de> for EntryVisitor {
    type Value = Entry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a format: text, or a map with `display`, `representation` and `match_multiple`")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Entry, E> {
        Ok(Entry::Text(text.to_owned()))
    }

    fn visit_bool<E: Error>(self, found: bool) -> Result<Entry, E> {
        Err(E::custom(format!("expected a format, found the boolean `{found}`: put it in quotes")))
    }

    fn visit_i64<E: Error>(self, found: i64) -> Result<Entry, E> {
        Err(E::custom(format!("expected a format, found the number `{found}`: put it in quotes")))
    }

    fn visit_u64<E: Error>(self, found: u64) -> Result<Entry, E> {
        Err(E::custom(format!("expected a format, found the number `{found}`: put it in quotes")))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entry, A::Error> {
        let (mut display, mut representation, mut multiple) = (None, Vec::new(), false);
        while let Some(Text(key)) = map.next_key()? {
            match key.as_str() {
                "display" => display = Some(map.next_value::<Text>()?.0),
                "representation" => representation = map.next_value::<List<Spanned<Text>>>()?.0,
                "match_multiple" => multiple = is_truthy(&map.next_value()?),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(Entry::Object { display, representation, multiple })
    }
}

/// StackStorm does not check the type of `match_multiple`: Python's idea of truth decides.
fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(truth) => *truth,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(items) => !items.is_empty(),
    }
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EntryVisitor)
    }
}

/// A list, and not the bare text of its only entry.
struct List<T>(Vec<T>);

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
    type Value = List<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of texts, even for one")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<List<T>, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(List(list))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListVisitor(PhantomData))
    }
}
