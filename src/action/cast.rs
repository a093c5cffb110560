//! Text from a chat becomes a value of the type that a parameter declares.

use std::fmt;
use std::str::FromStr;

use serde_json::{Number, Value};

use super::literal;

/// What StackStorm's filter `use_none` prints where null is meant.
const NONE: &str = "%*****__%NONE%__*****%";

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $accepts:literal;)*) => {
        /// The type that a parameter declares.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Kind { $($(#[$doc])* $name,)* }

        impl Kind {
            /// Every type, as files write it.
            pub const WORDS: &'static [&'static str] = &[$($word,)*];

            /// The type as files write it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// What a person may type, as a phrase: `a whole number such as 5`.
            pub const fn accepts(self) -> &'static str {
                match self { $(Self::$name => $accepts,)* }
            }
        }

        impl FromStr for Kind {
            type Err = ();

            fn from_str(word: &str) -> Result<Self, ()> {
                match word { $($word => Ok(Self::$name),)* _ => Err(()) }
            }
        }
    };
}
kinds! {
    /// Text.
    String = "string", "text";
    /// True or false.
    Boolean = "boolean", "yes or no";
    /// A number, perhaps with a fraction.
    Number = "number", "a number such as 2.5";
    /// A whole number.
    Integer = "integer", "a whole number such as 5";
    /// Names and values.
    Object = "object", "an object such as {\"name\": \"value\"}";
    /// A list.
    Array = "array", "a list such as a,b or [\"a\", \"b\"]";
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A value that is not of the declared type and cannot be read as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{} is accepted", .0.accepts())]
pub struct Mismatch(pub Kind);

/// Reads `value` as `kind`. Null stays null whatever the type; without a type nothing changes.
///
/// * string: text only, as it is
/// * integer: digits with a sign, blanks around them; a number without a fraction
/// * number: also fractions and exponents; never `nan` or `inf`
/// * boolean: true, yes, on, 1, false, no, off, 0, in any case
/// * array: JSON or Python in brackets, else split at commas, blanks around items cut; empty text is the empty list
/// * object: JSON, else Python
pub fn cast(kind: Option<Kind>, value: &Value) -> Result<Value, Mismatch> {
    let Some(kind) = kind else { return Ok(value.clone()) };
    match value {
        Value::Null => Ok(Value::Null),
        Value::String(text) if text == NONE => Ok(Value::Null),
        Value::String(text) => cast_text(kind, text),
        value => keep(kind, value),
    }
    .map_err(|()| Mismatch(kind))
}

fn cast_text(kind: Kind, text: &str) -> Result<Value, ()> {
    match kind {
        Kind::String => Ok(Value::String(text.to_owned())),
        Kind::Boolean => boolean(text.trim()),
        Kind::Integer => integer(text.trim()),
        Kind::Number => number(text.trim()),
        Kind::Array => Ok(Value::Array(array(text.trim()))),
        Kind::Object => object(text.trim()),
    }
}

/// A JSON value, from the API or from a file, that should be of the type already.
fn keep(kind: Kind, value: &Value) -> Result<Value, ()> {
    match (kind, value) {
        (Kind::Boolean, Value::Bool(_))
        | (Kind::Array, Value::Array(_))
        | (Kind::Object, Value::Object(_)) => Ok(value.clone()),
        (Kind::Integer, Value::Number(number)) => whole(number).ok_or(()),
        (Kind::Number, Value::Number(number)) => {
            number.as_f64().and_then(Number::from_f64).map(Value::Number).ok_or(())
        }
        _ => Err(()),
    }
}

fn boolean(text: &str) -> Result<Value, ()> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Ok(Value::Bool(true)),
        "false" | "no" | "off" | "0" => Ok(Value::Bool(false)),
        "none" => Ok(Value::Null),
        _ => Err(()),
    }
}

fn integer(text: &str) -> Result<Value, ()> {
    let signed = text.parse::<i64>().map(Value::from);
    signed.or_else(|_| text.parse::<u64>().map(Value::from)).map_err(|_| ())
}

fn whole(number: &Number) -> Option<Value> {
    /// Every whole number up to here is exact as a float.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.is_i64() || number.is_u64() {
        return Some(Value::Number(number.clone()));
    }
    let float = number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() <= EXACT)?;
    format!("{float:.0}").parse::<i64>().ok().map(Value::from)
}

fn number(text: &str) -> Result<Value, ()> {
    // Rust also reads `inf`, `infinity` and `nan`, which JSON cannot carry.
    if text.contains(|c: char| c.is_alphabetic() && !matches!(c, 'e' | 'E')) {
        return Err(());
    }
    text.parse::<f64>().ok().and_then(Number::from_f64).map(Value::Number).ok_or(())
}

fn array(text: &str) -> Vec<Value> {
    if text.is_empty() {
        return Vec::new();
    }
    if let Some(inner) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        let read = serde_json::from_str(text).ok().or_else(|| literal::read(text));
        return match read {
            Some(Value::Array(items)) => items,
            _ => split(inner),
        };
    }
    split(text)
}

fn split(text: &str) -> Vec<Value> {
    text.split(',').map(|item| Value::from(item.trim())).collect()
}

fn object(text: &str) -> Result<Value, ()> {
    let read = serde_json::from_str(text).ok().or_else(|| literal::read(text));
    read.filter(|value: &Value| value.is_object() || value.is_null()).ok_or(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_shared_row_casts_as_it_should() {
        let rows: Value = serde_json::from_str(include_str!("../../tests/data/alias/vectors.json")).unwrap();
        for row in rows["casts"].as_array().unwrap() {
            let kind = row["type"].as_str().unwrap().parse().unwrap();
            let got = cast(Some(kind), &row["value"]).ok();
            assert_eq!(got, expected(row), "{row}");
        }
    }

    /// What a row asks for; the words of `bug` where it does not say it in `good`.
    fn expected(row: &Value) -> Option<Value> {
        if let Some(good) = row.get("good") {
            return Some(good.clone());
        }
        match row["bug"].as_str() {
            None => row.get("result").cloned(),
            Some(words) if words.contains("empty list") => Some(json!([])),
            Some(words) if words.ends_with("be true") => Some(json!(true)),
            Some(words) if words.ends_with("be false") => Some(json!(false)),
            Some(_) => None,
        }
    }

    #[test]
    fn lists_may_be_json_python_or_commas() {
        for text in ["a,b", " a , b ", "[a, b]", r#"["a","b"]"#, "['a', 'b']"] {
            assert_eq!(cast(Some(Kind::Array), &json!(text)), Ok(json!(["a", "b"])), "{text}");
        }
        assert_eq!(cast(Some(Kind::Array), &json!("[1, 2]")), Ok(json!([1, 2])));
    }

    #[test]
    fn json_values_are_kept_or_refused_never_bent() {
        assert_eq!(cast(Some(Kind::Integer), &json!(5.0)), Ok(json!(5)));
        for (kind, value) in [
            (Kind::Integer, json!(5.5)),
            (Kind::Integer, json!(true)),
            (Kind::Boolean, json!(1)),
            (Kind::Array, json!(1)),
            (Kind::Object, json!([])),
            (Kind::String, json!(1)),
        ] {
            assert_eq!(cast(Some(kind), &value), Err(Mismatch(kind)), "{kind} {value}");
        }
    }

    #[test]
    fn words_for_infinity_are_no_numbers() {
        for text in ["inf", "-Infinity", "NaN", "1e999", "1_000", "0x1", ""] {
            assert!(cast(Some(Kind::Number), &json!(text)).is_err(), "{text}");
        }
        for (text, value) in [("5", 5.0), (" -.5 ", -0.5), ("1E3", 1000.0), ("+2.", 2.0)] {
            assert_eq!(cast(Some(Kind::Number), &json!(text)), Ok(json!(value)), "{text}");
        }
    }
}
