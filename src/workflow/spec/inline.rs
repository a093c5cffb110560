//! Parameters written on one line: `core.local cmd="echo x" timeout=5 v=<% ctx().v %>`.

use serde_json::Value;

use super::Entry;

/// The marks expressions stand between.
const MARKS: [(&str, &str); 3] = [("<%", "%>"), ("{{", "}}"), ("{%", "%}")];

/// Splits an action from the parameters after its first blank. `None` when there are none: the text as it
/// stands is the name then, bare words and all.
pub(super) fn action(text: &str) -> Option<(String, Vec<Entry>)> {
    let given = parameters(text);
    if given.is_empty() {
        return None;
    }
    let name = &text[..first_blank(text)?];
    Some((name.to_owned(), given))
}

/// Every `name=value` of a text, in order; what is neither is skipped.
pub(super) fn parameters(text: &str) -> Vec<Entry> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(equals) = next_equals(rest) {
        let name = trailing_word(&rest[..equals]);
        rest = &rest[equals + 1..];
        if name.is_empty() {
            continue;
        }
        if let Some((value, length)) = value(rest) {
            found.push((name.to_owned(), value));
            rest = &rest[length..];
        }
    }
    found
}

/// The next `=` that no expression holds.
fn next_equals(text: &str) -> Option<usize> {
    let mut at = 0;
    while at < text.len() {
        if let Some(length) = expression(&text[at..]) {
            at += length;
        } else if text[at..].starts_with('=') {
            return Some(at);
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    None
}

/// The end of the name: the first blank outside of an expression.
fn first_blank(text: &str) -> Option<usize> {
    let mut at = 0;
    while at < text.len() {
        let letter = text[at..].chars().next()?;
        if letter.is_whitespace() {
            return Some(at);
        }
        at += expression(&text[at..]).unwrap_or(letter.len_utf8());
    }
    None
}

fn trailing_word(text: &str) -> &str {
    let start = text.rfind(|letter: char| !letter.is_alphanumeric() && letter != '_');
    start.map_or(text, |at| &text[at + text[at..].chars().next().map_or(1, char::len_utf8)..])
}

/// The value a text begins with, and its length in bytes.
fn value(text: &str) -> Option<(Value, usize)> {
    match text.chars().next()? {
        '[' => list(text),
        quote @ ('"' | '\'') => quoted(text, quote),
        _ => match expression(text) {
            Some(length) => Some((Value::String(text[..length].to_owned()), length)),
            None => scalar(text),
        },
    }
}

/// The length of the expression a text begins with.
fn expression(text: &str) -> Option<usize> {
    let (open, close) = MARKS.into_iter().find(|(open, _)| text.starts_with(open))?;
    text[open.len()..].find(close).map(|end| open.len() + end + close.len())
}

/// Up to the bracket that closes the first one; JSON if it is that, text otherwise.
fn list(text: &str) -> Option<(Value, usize)> {
    let mut depth = 0_usize;
    let mut quote = None;
    for (at, letter) in text.char_indices() {
        match (quote, letter) {
            (Some(open), _) if open == letter => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(letter),
            (None, '[') => depth += 1,
            (None, ']') if depth == 1 => return Some((json_or_text(&text[..=at]), at + 1)),
            (None, ']') => depth -= 1,
            (None, _) => {}
        }
    }
    None
}

/// Text between quotes stays text; a mapping between them is read as JSON.
fn quoted(text: &str, quote: char) -> Option<(Value, usize)> {
    let end = text[1..].find(quote)? + 1;
    let inside = &text[1..end];
    let mapping = inside.starts_with('{') && inside.ends_with('}');
    let value = if mapping { json_or_text(inside) } else { Value::String(inside.to_owned()) };
    Some((value, end + 1))
}

/// A number, `true` and `false` in any case, `null`.
fn scalar(text: &str) -> Option<(Value, usize)> {
    let length = text.find(|letter: char| !letter.is_alphanumeric() && !matches!(letter, '_' | '-' | '.'));
    let word = &text[..length.unwrap_or(text.len())];
    let value = match word.to_ascii_lowercase().as_str() {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ if word == "null" => Value::Null,
        _ if is_number(word) => json_or_text(word),
        _ => return None,
    };
    Some((value, word.len()))
}

/// `-?digits` or `-?digits?.digits`, and nothing else.
fn is_number(word: &str) -> bool {
    let word = word.strip_prefix('-').unwrap_or(word);
    let (whole, part) = word.split_once('.').map_or((word, None), |(whole, part)| (whole, Some(part)));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole) && part.map_or(!whole.is_empty(), |part| !part.is_empty() && digits(part))
}

fn json_or_text(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;

    fn all(text: &str) -> Value {
        Value::Object(parameters(text).into_iter().collect::<Map<_, _>>())
    }

    #[test]
    fn values_are_read_as_what_they_look_like() {
        assert_eq!(
            all(r#"a=1 b=-2.5 c=TRUE d=null e="x 1" f='y' g=[1, "]"] h='{"k": 1}' i="5" j=.5"#),
            json!({"a": 1, "b": -2.5, "c": true, "d": null, "e": "x 1", "f": "y", "g": [1, "]"],
                "h": {"k": 1}, "i": "5", "j": ".5"})
        );
    }

    #[test]
    fn expressions_stay_whole() {
        assert_eq!(
            all(r#"a=<% ctx().x = 1 %> b="<% ctx(y) %>/{{ z }}" c={{ ctx().z }}"#),
            json!({"a": "<% ctx().x = 1 %>", "b": "<% ctx(y) %>/{{ z }}", "c": "{{ ctx().z }}"})
        );
    }

    #[test]
    fn a_bare_word_is_no_value() {
        assert_eq!(action("core.local cmd=date"), None);
        assert_eq!(all("a=1 b=word c=2"), json!({"a": 1, "c": 2}));
    }

    #[test]
    fn the_name_ends_at_the_first_blank_outside_of_an_expression() {
        let (name, given) = action("<% ctx().act %> cmd='date'").unwrap();
        assert_eq!(name, "<% ctx().act %>");
        assert_eq!(given, [("cmd".to_owned(), json!("date"))]);
    }
}
