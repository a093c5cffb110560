//! Secret values are cut from everything that is shown or kept.

use serde_json::{Map, Value};

/// What stands where a secret was.
pub const HIDDEN: &str = "********";

/// A secret shorter than this many characters is cut only where it stands alone: cutting every `a`
/// would spoil the text and tell what the secret is.
const SHORT: usize = 4;

/// The texts of a secret value that could turn up elsewhere: the value itself, the leaves of lists
/// and objects, the lines of a private key.
pub(super) fn texts(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::Null | Value::Bool(_) => {}
        Value::Number(number) => add(out, &number.to_string()),
        Value::String(text) => {
            add(out, text);
            let lines = text.lines().map(str::trim).filter(|line| text.contains('\n') && line.len() >= SHORT);
            lines.for_each(|line| add(out, line));
        }
        Value::Array(items) => items.iter().for_each(|item| texts(item, out)),
        Value::Object(entries) => entries.values().for_each(|item| texts(item, out)),
    }
}

fn add(out: &mut Vec<String>, text: &str) {
    if !text.trim().is_empty() && !out.iter().any(|known| known == text) {
        out.push(text.to_owned());
    }
}

/// `text` with each secret replaced by [`HIDDEN`], overlapping ones as one.
pub fn cut_secrets(text: &str, secrets: &[String]) -> String {
    let mut found: Vec<_> = secrets.iter().flat_map(|secret| places(text, secret)).collect();
    found.sort_unstable();
    let mut out = String::with_capacity(text.len());
    let mut end = 0;
    for (from, to) in found {
        if from >= end {
            out.push_str(&text[end..from]);
            out.push_str(HIDDEN);
        }
        end = end.max(to);
    }
    out.push_str(&text[end..]);
    out
}

fn places<'a>(text: &'a str, secret: &'a str) -> impl Iterator<Item = (usize, usize)> + 'a {
    let alone = secret.chars().count() < SHORT;
    let hits = text.match_indices(secret).filter(|_| !secret.is_empty());
    let places = hits.map(|(from, hit)| (from, from + hit.len()));
    places.filter(move |&(from, to)| !alone || stands_alone(text, from, to))
}

fn stands_alone(text: &str, from: usize, to: usize) -> bool {
    let before = text[..from].chars().next_back();
    let after = text[to..].chars().next();
    !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
}

/// The same for every text in a value, keys of objects among them.
pub fn cut_secrets_in(value: &Value, secrets: &[String]) -> Value {
    match value {
        Value::String(text) => Value::String(cut_secrets(text, secrets)),
        Value::Array(items) => items.iter().map(|item| cut_secrets_in(item, secrets)).collect(),
        Value::Object(entries) => {
            let cut =
                |(key, item): (&String, &Value)| (cut_secrets(key, secrets), cut_secrets_in(item, secrets));
            Value::Object(entries.iter().map(cut).collect::<Map<_, _>>())
        }
        value => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn secrets(value: &Value) -> Vec<String> {
        let mut out = Vec::new();
        texts(value, &mut out);
        out
    }

    #[test]
    fn a_secret_is_cut_wherever_it_stands() {
        let secrets = secrets(&json!(["hunter2", "er2x"]));
        assert_eq!(cut_secrets("p=hunter2x hunter2", &secrets), "p=******** ********");
        assert_eq!(
            cut_secrets_in(&json!({"hunter2": ["a er2x"]}), &secrets),
            json!({"********": ["a ********"]})
        );
    }

    #[test]
    fn a_short_secret_is_cut_only_as_a_word() {
        assert_eq!(cut_secrets("a cat, a=1", &secrets(&json!("a"))), "******** cat, ********=1");
    }

    #[test]
    fn each_line_of_a_key_is_a_secret() {
        let secrets = secrets(&json!("-----BEGIN-----\nabcdef\n"));
        assert_eq!(cut_secrets("> abcdef", &secrets), "> ********");
        assert_eq!(cut_secrets("nothing", &[String::new()]), "nothing");
    }
}
