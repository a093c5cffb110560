//! Values as YAQL sees them: truth, equality, order, size. Numbers are Python's, where true is 1.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::{Map, Number, Value};

/// A value, borrowed from the workflow where it can be.
pub(super) type Datum<'a> = Cow<'a, Value>;

/// Why there is no value: lower case, no full stop.
pub(super) type Cause = String;

/// What a value counts beside its own bytes.
const ITEM: u64 = 16;

/// What a value with all that is in it costs to copy.
pub(super) fn size(value: &Value) -> u64 {
    ITEM + match value {
        Value::String(text) => text.len() as u64,
        Value::Array(items) => items.iter().map(size).sum(),
        Value::Object(map) => map.iter().map(|(key, value)| key.len() as u64 + size(value)).sum(),
        _ => 0,
    }
}

/// Whether Python takes a value for true.
pub(super) fn truth(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(yes) => *yes,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(map) => !map.is_empty(),
    }
}

/// The kind of a value, as messages name it.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    }
}

/// A number to calculate with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Num {
    /// A whole one.
    Int(i128),
    /// A decimal one.
    Float(f64),
}

impl Num {
    /// The number in a value; booleans are none.
    pub(super) fn of(value: &Value) -> Option<Self> {
        let Value::Number(number) = value else { return None };
        match (number.as_i64(), number.as_u64()) {
            (Some(int), _) => Some(Self::Int(int.into())),
            (None, Some(int)) => Some(Self::Int(int.into())),
            (None, None) => number.as_f64().map(Self::Float),
        }
    }

    /// The same with booleans as 0 and 1.
    pub(super) fn counting(value: &Value) -> Option<Self> {
        match value {
            Value::Bool(yes) => Some(Self::Int(i128::from(*yes))),
            other => Self::of(other),
        }
    }

    /// The number as a decimal one.
    pub(super) fn float(self) -> f64 {
        match self {
            Self::Int(int) => int as f64,
            Self::Float(float) => float,
        }
    }

    /// The number as a value; refused when it has no place there.
    pub(super) fn value<'a>(self) -> Result<Datum<'a>, Cause> {
        let number = match self {
            Self::Int(int) => match (i64::try_from(int), u64::try_from(int)) {
                (Ok(int), _) => Some(Number::from(int)),
                (_, Ok(int)) => Some(Number::from(int)),
                _ => None,
            },
            Self::Float(float) => Number::from_f64(float),
        };
        number
            .map(|number| Cow::Owned(Value::Number(number)))
            .ok_or_else(|| "the number is too large".to_owned())
    }
}

fn order(a: Num, b: Num) -> Option<Ordering> {
    match (a, b) {
        (Num::Int(a), Num::Int(b)) => Some(a.cmp(&b)),
        (a, b) => a.float().partial_cmp(&b.float()),
    }
}

/// Whether two values are equal, at any depth; `1 = 1.0` and `1 = true` are.
pub(super) fn equal(a: &Value, b: &Value) -> bool {
    if let (Some(a), Some(b)) = (Num::counting(a), Num::counting(b)) {
        return order(a, b) == Some(Ordering::Equal);
    }
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| equal(a, b)))
        }
        (a, b) => a == b,
    }
}

/// The order of two values of one kind: numbers or texts; null is before all else.
pub(super) fn compare(a: &Value, b: &Value) -> Result<Ordering, Cause> {
    let none = || format!("{} and {} have no order", kind(a), kind(b));
    match (a, b) {
        (Value::String(a), Value::String(b)) => Ok(a.cmp(b)),
        (Value::Null, Value::Null) => Ok(Ordering::Equal),
        (Value::Null, _) => Ok(Ordering::Less),
        (_, Value::Null) => Ok(Ordering::Greater),
        _ => match (Num::of(a), Num::of(b)) {
            (Some(a), Some(b)) => order(a, b).ok_or_else(none),
            _ => Err(none()),
        },
    }
}

/// A value as the key of a mapping, which JSON has in text only.
pub(super) fn key(value: &Value) -> Result<Cow<'_, str>, Cause> {
    match value {
        Value::String(text) => Ok(Cow::Borrowed(text)),
        Value::Array(_) | Value::Object(_) => Err(format!("{} cannot be the key of a mapping", kind(value))),
        other => Ok(Cow::Owned(other.to_string())),
    }
}

/// A value of a mapping.
pub(super) fn entry<'a>(map: Datum<'a>, key: &str) -> Option<Datum<'a>> {
    match map {
        Cow::Borrowed(Value::Object(map)) => map.get(key).map(Cow::Borrowed),
        Cow::Owned(Value::Object(mut map)) => map.swap_remove(key).map(Cow::Owned),
        _ => None,
    }
}

/// An item of a list.
pub(super) fn item(list: Datum<'_>, at: usize) -> Option<Datum<'_>> {
    match list {
        Cow::Borrowed(Value::Array(items)) => items.get(at).map(Cow::Borrowed),
        Cow::Owned(Value::Array(mut items)) if at < items.len() => Some(Cow::Owned(items.swap_remove(at))),
        _ => None,
    }
}

/// The items of a list.
pub(super) fn items(list: Datum<'_>) -> Result<Vec<Datum<'_>>, Cause> {
    match list {
        Cow::Borrowed(Value::Array(items)) => Ok(items.iter().map(Cow::Borrowed).collect()),
        Cow::Owned(Value::Array(items)) => Ok(items.into_iter().map(Cow::Owned).collect()),
        other => Err(format!("a list is needed, not {}", kind(&other))),
    }
}

/// A mapping of its own.
pub(super) fn mapping(value: Datum<'_>) -> Result<Map<String, Value>, Cause> {
    match value.into_owned() {
        Value::Object(map) => Ok(map),
        other => Err(format!("a mapping is needed, not {}", kind(&other))),
    }
}

/// A text of its own as a value.
pub(super) fn text<'a>(text: impl Into<String>) -> Datum<'a> {
    Cow::Owned(Value::String(text.into()))
}

/// Yes or no as a value.
pub(super) fn boolean<'a>(yes: bool) -> Datum<'a> {
    Cow::Owned(Value::Bool(yes))
}

/// A count as a value.
pub(super) fn count<'a>(count: usize) -> Datum<'a> {
    Cow::Owned(Value::from(count))
}

/// Null.
pub(super) const NULL: Datum<'static> = Cow::Owned(Value::Null);
