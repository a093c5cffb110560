//! Parameters as an approver reads them, and how they differ from those of an earlier run. Pure.

use ring::digest::{SHA256, digest};
use serde_json::{Map, Value};

use crate::model::hex;

/// The longest value that is shown whole, in characters; a longer one is shown with its size and hash.
const LONGEST: usize = 2_000;

/// A value exactly: text with anything unseen in it as JSON, everything else as JSON.
pub(super) fn exact(value: &Value) -> String {
    let shown = match value {
        Value::String(text) if is_plain(text) => text.clone(),
        other => other.to_string().chars().map(visible).collect(),
    };
    let length = shown.chars().count();
    if length <= LONGEST {
        return shown;
    }
    let hash = hex::encode(digest(&SHA256, shown.as_bytes()).as_ref());
    let head: String = shown.chars().take(LONGEST).collect();
    format!("{head}… ({length} characters, SHA-256 {hash})")
}

/// Whether text shows what it is: no line break, nothing unseen, no blanks at its ends.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.trim() == text && text.chars().all(|c| !c.is_control() && !is_unseen(c))
}

fn visible(c: char) -> String {
    if is_unseen(c) { format!("\\u{{{:x}}}", u32::from(c)) } else { c.to_string() }
}

/// Characters that take no place or turn the reading direction: a value could be read as another.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// What differs, one line a parameter: `target: staging → production`, `count: 2 (new)`, `dry: true (gone)`.
pub(super) fn differences(before: &Map<String, Value>, now: &Map<String, Value>) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, value) in now {
        match before.get(name) {
            Some(earlier) if earlier == value => {}
            Some(earlier) => lines.push(format!("{name}: {} → {}", exact(earlier), exact(value))),
            None => lines.push(format!("{name}: {} (new)", exact(value))),
        }
    }
    let gone = before.iter().filter(|(name, _)| !now.contains_key(*name));
    lines.extend(gone.map(|(name, value)| format!("{name}: {} (gone)", exact(value))));
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(value: Value) -> Map<String, Value> {
        let Value::Object(map) = value else { panic!("no object") };
        map
    }

    #[test]
    fn what_differs_is_told_and_nothing_else() {
        let before = map(json!({"target": "staging", "count": 1, "dry": true}));
        let now = map(json!({"target": "production", "count": 1, "force": false}));
        let expected = ["target: staging → production", "force: false (new)", "dry: true (gone)"];
        assert_eq!(differences(&before, &now), expected);
        assert!(differences(&now, &now).is_empty());
    }

    #[test]
    fn what_cannot_be_seen_is_shown() {
        assert_eq!(exact(&json!("web1")), "web1");
        assert_eq!(exact(&json!("web1 ")), "\"web1 \"");
        assert_eq!(exact(&json!("a\u{202e}b\nc")), "\"a\\u{202e}b\\nc\"");
        assert_eq!(exact(&json!("")), "\"\"");
        assert_eq!(exact(&json!([1, "a"])), "[1,\"a\"]");
    }

    #[test]
    fn a_long_value_is_named_by_its_hash() {
        let (one, other) = (json!("x".repeat(3000)), json!("x".repeat(2999) + "y"));
        assert!(exact(&one).contains("(3000 characters, SHA-256 ") && exact(&one) != exact(&other));
    }
}
