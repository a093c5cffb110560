//! Events within their limits, whatever was sent.

use serde_json::{Map, Value, json};

use crate::model::{Event, MASK, is_secret_word, mask};
use crate::text::clean::{one_line, printable};

/// The longest title, label value and address, in characters.
const LONGEST_LINE: usize = 500;
/// The longest source, kind, label name, fingerprint and key, in characters.
const LONGEST_NAME: usize = 300;
/// The longest text, in characters: a chat shows no more of it.
const LONGEST_TEXT: usize = 8_000;
/// The most labels, scopes and links; of parts, those that are kept.
const MOST: usize = 100;
/// The longest text inside a payload, in bytes; longer ones are output that nobody reads to its end.
const LONGEST_VALUE: usize = 4_096;
/// The most entries of a list or an object inside a payload.
const MOST_VALUES: usize = 1_000;
/// The most bytes of a payload that are kept, about as JSON.
const LARGEST_PAYLOAD: usize = 256 * 1024;
/// Secrets shorter than this are not looked for in other texts: they would be found everywhere.
const SHORTEST_SECRET: usize = 6;

/// A title: one line, not too long.
pub(super) fn title(text: &str) -> String {
    let line = one_line(text);
    cut(line.split_whitespace().collect::<Vec<_>>().join(" ").as_str(), LONGEST_LINE)
}

/// A text that ends in `…` where it was too long.
pub(super) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some(_) => text.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
    }
}

/// The whole event inside its limits, secrets masked.
pub(super) fn event(event: &mut Event) {
    let mut secrets = Vec::new();
    secrets_of(&event.payload, false, &mut secrets);
    secrets.sort_unstable_by_key(|secret| std::cmp::Reverse(secret.len()));
    secrets.dedup();
    event.payload = payload(std::mem::take(&mut event.payload), &secrets);
    fields(event, &secrets);
    event.parts.truncate(MOST);
    event.parts.iter_mut().for_each(|part| fields(part, &secrets));
}

fn fields(event: &mut Event, secrets: &[String]) {
    let name = |text: &str| cut(&one_line(text), LONGEST_NAME);
    let line = |text: &str| cut(&hide(&one_line(text), secrets), LONGEST_LINE);
    event.kind = name(&event.kind);
    event.title = title(&hide(&event.title, secrets));
    if event.title.is_empty() {
        event.title.clone_from(&event.kind);
    }
    event.text = cut(hide(&printable(&event.text), secrets).trim(), LONGEST_TEXT);
    event.url = event.url.take().filter(|url| url.chars().count() <= 2_000);
    let labels = std::mem::take(&mut event.labels);
    let shown = |label: &str, value: &str| if is_secret_word(label) { MASK.to_owned() } else { line(value) };
    event.labels =
        labels.iter().take(MOST).map(|(label, value)| (name(label), shown(label, value))).collect();
    event.scopes.truncate(MOST);
    event.links.retain(|link| link.url.chars().count() <= 2_000);
    event.links.truncate(MOST);
    event.actor = event.actor.take().map(|actor| name(&actor)).filter(|actor| !actor.is_empty());
    event.group = event.group.take().map(|group| name(&group));
    event.fingerprint = short(&event.fingerprint);
    event.dedup_key = event.dedup_key.take().map(|key| short(&key));
}

/// A key that stays different from others when it is cut.
fn short(key: &str) -> String {
    let key = one_line(key);
    if key.chars().count() <= LONGEST_NAME {
        return key;
    }
    let start: String = key.chars().take(LONGEST_NAME - 20).collect();
    format!("{start}#{}", super::pick::short_hash(key.as_bytes()))
}

/// Every text under a key that says it is a secret.
fn secrets_of(value: &Value, inside: bool, found: &mut Vec<String>) {
    match value {
        Value::String(text) if inside && text.len() >= SHORTEST_SECRET && found.len() < MOST => {
            found.push(text.clone());
        }
        Value::Array(items) => items.iter().for_each(|item| secrets_of(item, inside, found)),
        Value::Object(fields) => {
            // Chaos Toolkit's `{"type": "env", "key": "NAME"}` is a reference: what it names is not secret.
            let refers = inside && fields.get("type").is_some_and(Value::is_string);
            for (name, value) in fields {
                secrets_of(value, (inside || is_secret_word(name)) && !refers, found);
            }
        }
        _ => {}
    }
}

fn hide(text: &str, secrets: &[String]) -> String {
    secrets.iter().fold(text.to_owned(), |text, secret| {
        if text.contains(secret.as_str()) { text.replace(secret.as_str(), MASK) } else { text }
    })
}

/// What is kept of what was sent: secrets masked, long texts cut.
fn payload(mut value: Value, secrets: &[String]) -> Value {
    mask(&mut value);
    let mut left = LARGEST_PAYLOAD;
    let value = pruned(value, secrets, &mut left);
    if left == 0 {
        return json!({ "cut": format!("what was sent has over {LARGEST_PAYLOAD} bytes and is not kept") });
    }
    value
}

/// A value with its long parts cut; `left` falls to zero when there is too much of it all the same.
fn pruned(value: Value, secrets: &[String], left: &mut usize) -> Value {
    *left = left.saturating_sub(6);
    if *left == 0 {
        return Value::Null;
    }
    match value {
        Value::String(text) => {
            let text = shortened(inner(&text, secrets));
            *left = left.saturating_sub(text.len());
            Value::String(text)
        }
        Value::Array(items) => {
            let more = items.len().saturating_sub(MOST_VALUES);
            let kept = items.into_iter().take(MOST_VALUES).map(|item| pruned(item, secrets, left));
            let note = (more > 0).then(|| Value::from(format!("and {more} more")));
            kept.collect::<Vec<_>>().into_iter().chain(note).collect()
        }
        Value::Object(fields) => {
            let more = fields.len().saturating_sub(MOST_VALUES);
            let mut kept: Map<String, Value> = fields
                .into_iter()
                .take(MOST_VALUES)
                .map(|(name, value)| {
                    *left = left.saturating_sub(name.len());
                    (shortened(name), pruned(value, secrets, left))
                })
                .collect();
            if more > 0 {
                kept.insert("…".to_owned(), Value::from(format!("and {more} more")));
            }
            Value::Object(kept)
        }
        other => other,
    }
}

/// A text that is an object in JSON (AWX's `extra_vars`) has its secrets masked too.
fn inner(text: &str, secrets: &[String]) -> String {
    let hidden = hide(text, secrets);
    if !hidden.trim_start().starts_with(['{', '[']) {
        return hidden;
    }
    match serde_json::from_str::<Value>(&hidden) {
        Ok(mut value) => {
            mask(&mut value);
            value.to_string()
        }
        Err(_) => hidden,
    }
}

fn shortened(text: String) -> String {
    if text.len() <= LONGEST_VALUE {
        return text;
    }
    let end = |most: usize| text.floor_char_boundary(most);
    let (head, size) = (&text[..end(LONGEST_VALUE / 2)], text.len());
    let tail = &text[text.ceil_char_boundary(size - LONGEST_VALUE / 2)..];
    format!("{head}\n… {} bytes cut …\n{tail}", size - head.len() - tail.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::EventStatus;
    use crate::source::reading::blank;

    fn cleaned(payload: Value, text: &str) -> Event {
        let mut it = Event { payload, text: text.to_owned(), ..blank("k", EventStatus::Info, "t") };
        event(&mut it);
        it
    }

    #[test]
    fn a_secret_is_masked_where_it_stands_and_where_it_is_repeated() {
        let payload = json!({"secrets": {"db": {"login": "hunter22"}}, "out": "login with hunter22 failed",
            "extra_vars": "{\"db_password\": \"s3cret99\"}"});
        let event = cleaned(payload, "FATAL: hunter22 refused");
        assert_eq!(event.text, "FATAL: *** refused");
        let shown = event.payload.to_string();
        assert!(!shown.contains("hunter22") && !shown.contains("s3cret99"), "{shown}");
    }

    #[test]
    fn five_megabytes_of_output_are_cut_and_the_rest_is_kept() {
        let event = cleaned(json!({"status": "failed", "stdout": "x".repeat(5_000_000)}), "");
        assert_eq!(event.payload["status"], "failed");
        assert!(event.payload["stdout"].as_str().unwrap().contains("4995904 bytes cut"));
        assert!(event.payload.to_string().len() < 5_000);
    }

    #[test]
    fn ten_thousand_keys_are_a_thousand_and_a_note() {
        let many: Map<String, Value> = (0..10_000).map(|n| (format!("k{n}"), json!(n))).collect();
        assert_eq!(cleaned(Value::Object(many), "").payload.as_object().unwrap().len(), MOST_VALUES + 1);
        let wide: Vec<Value> = (0..900).map(|n| json!(vec![format!("{n}{}", "y".repeat(500)); 3])).collect();
        assert!(cleaned(json!(wide), "").payload["cut"].is_string());
    }

    #[test]
    fn control_characters_and_long_keys_do_not_pass() {
        let mut it = blank("k", EventStatus::Info, "a\r\nb\u{1b}[31m");
        it.fingerprint = "f".repeat(1_000);
        event(&mut it);
        assert_eq!(it.title, "a b");
        assert!(it.fingerprint.chars().count() <= LONGEST_NAME, "{}", it.fingerprint);
    }
}
