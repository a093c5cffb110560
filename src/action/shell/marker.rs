//! Markers stand in shell text where outputs of the template were: two characters that no text ever
//! holds (Unicode's noncharacters) around a number.

use serde_json::Value;

pub(super) const OPEN: char = '\u{fdd0}';
pub(super) const CLOSE: char = '\u{fdd1}';

/// The marker of the output `number`, from 1.
pub(super) fn marker(number: usize) -> String {
    format!("{OPEN}{number}{CLOSE}")
}

/// The environment variable that carries the output `number`.
pub(super) fn variable(number: usize) -> String {
    format!("{PREFIX}{number}")
}

/// What the variables of typed values begin with.
pub(super) const PREFIX: &str = "CHATOPS_V";

/// Whether no text in the value holds a NUL or a marker's character.
pub fn is_clean(value: &Value) -> bool {
    let clean = |text: &str| !text.contains(['\0', OPEN, CLOSE]);
    match value {
        Value::String(text) => clean(text),
        Value::Array(items) => items.iter().all(is_clean),
        Value::Object(entries) => entries.iter().all(|(key, item)| clean(key) && is_clean(item)),
        _ => true,
    }
}
