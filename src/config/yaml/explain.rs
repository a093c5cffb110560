//! The YAML reader's errors in our words: what was found, what is accepted, which word was meant.

use std::path::Path;

use serde_saphyr::Error;

use super::letters::Quoted;
use super::outline::{Aim, outline, path_to};
use crate::config::ConfigError;
use crate::config::nearest::{hint, is_secret_word};

/// What is wrong and what to do about it.
struct Words {
    message: String,
    help: Option<String>,
}

impl Words {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// `text` is the file as it is; the error speaks of places in `quoted`.
pub(super) fn explain(file: &Path, text: &str, quoted: &Quoted<'_>, error: &Error) -> ConfigError {
    let error = innermost(error);
    let Some(place) = error.location().filter(|place| place.line() > 0) else {
        return finish(ConfigError::new(file, ""), words(error, "nothing"));
    };
    let (line, column) = (place.line(), quoted.column(text, place.line(), place.column()));
    let source = text.lines().nth(usize::try_from(line - 1).unwrap_or(usize::MAX)).unwrap_or_default();
    let aim = match error {
        Error::SerdeMissingField { .. } | Error::Unexpected { .. } | Error::SerdeInvalidType { .. } => {
            Aim::Mapping
        }
        _ => Aim::Innermost,
    };
    let root = if is_limit(error) { None } else { outline(&quoted.text) };
    let path = root.map(|root| path_to(&root, (line, place.column()), aim)).unwrap_or_default();
    let hidden = is_secret_key(path.rsplit('.').next().unwrap_or_default()) || holds_secret(source);
    let found = if hidden { "a secret value".to_owned() } else { found(source, column) };
    let mut words = words(error, &found);
    if let Some(bare) = bare_template(source) {
        words.help = Some(format!("a value that begins with `{{{{` must be quoted: `\"{bare}\"`"));
    }
    let shown = finish(ConfigError::new(file, "").at(line, column).key(path), words);
    if hidden { shown } else { shown.excerpt_of(text) }
}

fn finish(error: ConfigError, words: Words) -> ConfigError {
    ConfigError { message: words.message, help: words.help, ..error }
}

fn innermost(error: &Error) -> &Error {
    match error {
        Error::WithSnippet { error, .. } | Error::AliasError { error, .. } => innermost(error),
        other => other,
    }
}

fn words(error: &Error, found: &str) -> Words {
    match error {
        Error::SerdeUnknownField { field, expected, .. } => unknown("key", field, expected),
        Error::SerdeUnknownVariant { variant, expected, .. } => unknown("word", variant, expected),
        Error::SerdeMissingField { field, .. } => Words::new(format!("the key `{field}` is missing")),
        Error::SerdeInvalidType { expected, .. } | Error::SerdeInvalidValue { expected, .. } => {
            Words::new(format!("expected {expected}, found {found}"))
        }
        Error::InvalidScalar { ty, .. } => Words::new(format!("expected {}, found {found}", kind(ty))),
        Error::Unexpected { expected, .. } => {
            Words::new(format!("expected {}, found {found}", kind(expected)))
        }
        Error::NullIntoString { .. } => Words::new("expected text, found nothing"),
        Error::DuplicateMappingKey { key, .. } => {
            let key =
                key.as_deref().map(|key| format!("the key `{key}`")).unwrap_or_else(|| "a key".to_owned());
            Words::new(format!("{key} comes twice in one mapping")).help("keep one of them")
        }
        Error::UnsupportedTag { tag, .. } => {
            Words::new(format!("the tag `{tag}` has no meaning here")).help("remove it, or quote the value")
        }
        Error::UnknownAnchor { .. } => Words::new(format!("{found} stands for no anchor above"))
            .help("a value that begins with `*` must be quoted"),
        Error::MultipleDocuments { .. } => Words::new("a second document begins here, one file has one"),
        Error::Eof { .. } => Words::new("the file is empty or ends too early"),
        Error::Message { msg, .. } => Words::new(plain(msg)),
        other => limits(other),
    }
}

/// Whether a bomb was stopped: then nothing may read the file once more.
fn is_limit(error: &Error) -> bool {
    matches!(
        error,
        Error::Budget { .. }
            | Error::AliasReplayLimitExceeded { .. }
            | Error::AliasExpansionLimitExceeded { .. }
            | Error::AliasReplayStackDepthExceeded { .. }
    )
}

fn limits(error: &Error) -> Words {
    match error {
        limit if is_limit(limit) => Words::new("the file unfolds to more than a configuration file may hold")
            .help("use fewer or shorter `*aliases` and less nesting"),
        other => {
            let text = other.to_string();
            let text = text.rfind(" at line ").map_or(text.as_str(), |end| &text[..end]);
            Words::new(plain(text))
        }
    }
}

/// House style: no capital at the start, no full stop, nothing about the reader's own API.
fn plain(message: &str) -> String {
    let message = message.trim().trim_end_matches('.');
    let mut letters = message.chars();
    match letters.next() {
        Some(first) if !letters.as_str().starts_with(char::is_uppercase) => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => message.to_owned(),
    }
}

fn unknown(noun: &str, found: &str, accepted: &[&'static str]) -> Words {
    let words = Words::new(format!("unknown {noun} `{found}`"));
    Words { help: hint(found, accepted.iter().copied()), ..words }
}

/// The reader's names of types in the words of people who write files.
fn kind(name: &'static str) -> &'static str {
    match name {
        "boolean" => "`true` or `false`",
        "floating point" => "a number",
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" | "u64" | "u128" | "usize" => "a whole number, zero or more",
        "i8" | "i16" | "i32" | "i64" | "i128" | "isize" => "a whole number",
        "string scalar" | "string" => "text",
        "mapping start" | "map" => "a mapping (`key: value`)",
        "sequence start" | "seq" => "a list (`- item`)",
        other => other,
    }
}

/// At most this many characters of a value are quoted in a message.
const LONGEST_QUOTE: usize = 60;

/// What stands at a column of a line, in words.
fn found(line: &str, column: u64) -> String {
    let skip = usize::try_from(column.saturating_sub(1)).unwrap_or(0);
    let rest: String = line.chars().skip(skip).collect();
    let rest = rest.split(" #").next().unwrap_or_default().trim();
    let is_key = |text: &str| text.ends_with(':') || text.contains(": ");
    match rest.chars().next() {
        None | Some('#') => "nothing".to_owned(),
        Some('[') => "a list".to_owned(),
        Some('-') if rest == "-" || rest.starts_with("- ") => "a list".to_owned(),
        Some('{') => "a mapping".to_owned(),
        Some('|' | '>') => "text".to_owned(),
        Some(mark @ ('"' | '\'')) => quoted(&rest[..rest[1..].find(mark).map_or(rest.len(), |end| end + 2)]),
        Some(_) => {
            let end = rest.find([',', ']', '}']).unwrap_or(rest.len());
            if is_key(&rest[..end]) { "a mapping".to_owned() } else { quoted(rest[..end].trim()) }
        }
    }
}

fn quoted(text: &str) -> String {
    let short: String = text.chars().take(LONGEST_QUOTE).collect();
    if short.len() < text.len() { format!("`{short}...`") } else { format!("`{short}`") }
}

/// Whether one of the keys in a line is that of a secret: `  - {name: a, token: abc}`.
pub(super) fn holds_secret(line: &str) -> bool {
    let mut before_colons = line.split(':').collect::<Vec<_>>();
    before_colons.pop();
    let key = |part: &str| {
        part.trim_end_matches(['"', '\'', ' ']).rsplit([' ', ',', '{', '"', '\'']).next().map(is_secret_key)
    };
    before_colons.into_iter().any(|part| key(part) == Some(true))
}

/// Whether what stands under a key of a hand-written file is nobody's business: addresses often hold a key.
fn is_secret_key(key: &str) -> bool {
    is_secret_word(key) || ["key", "routing_key", "url", "webhook", "bearer", "proxy"].contains(&key)
}

/// An unquoted value that begins with `{{`, up to the end of its line: YAML reads it as a mapping.
fn bare_template(line: &str) -> Option<&str> {
    let value = line.trim_start().trim_start_matches("- ").trim_start();
    let value = if value.starts_with("{{") { value } else { value.split_once(": ")?.1.trim_start() };
    value.starts_with("{{").then(|| value.trim_end())
}
