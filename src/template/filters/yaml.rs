//! Filters on YAML, written as PyYAML's `safe_dump` writes it: block style, keys sorted.

use minijinja::value::{Kwargs, Rest, Serde};
use minijinja::{Environment, Error, State, Value};
use serde_json::Value as Json;

use super::args::{count, flag};
use super::json::{number_text, to_json};
use super::metered;
use crate::template::limits::{charge, failed};

/// PyYAML folds lines that are longer, in characters.
const FOLD: usize = 80;

/// Adds the filters.
pub(super) fn add(env: &mut Environment<'static>) {
    metered(env, "from_yaml_string", |text: String| {
        let parsed: Result<Json, _> = serde_yaml::from_str(&text);
        parsed.map(|json| Value::from(Serde(json))).map_err(|error| failed(format!("not YAML: {error}")))
    });
    metered(env, "to_yaml_string", to_yaml_string);
}

/// `to_yaml_string(indent=None, allow_unicode=True)`.
fn to_yaml_string(
    state: &mut State<'_, '_>,
    value: &Value,
    args: Rest<Value>,
    kwargs: Kwargs,
) -> Result<String, Error> {
    // PyYAML takes other indents than 2 to 9 for 2.
    let indent = count(&args, 0, &kwargs, "indent")?.filter(|n| (2..10).contains(n)).unwrap_or(2);
    let unicode = flag(&args, 1, &kwargs, "allow_unicode")?.unwrap_or(true);
    kwargs.assert_all_used()?;
    let json = to_json(state, value)?;
    let mut dump = Dump { out: String::new(), indent, unicode };
    match &json {
        Json::Array(items) if !items.is_empty() => dump.list(items, 0, false),
        Json::Object(map) if !map.is_empty() => dump.map(map, 0, false),
        scalar => {
            dump.scalar(scalar, indent);
            // A plain scalar alone needs its end marked.
            let plain = !dump.out.starts_with(['\'', '"', '[', '{']);
            dump.out.push_str(if plain { "\n...\n" } else { "\n" });
        }
    }
    charge(state, dump.out.len())?;
    Ok(dump.out)
}

struct Dump {
    out: String,
    indent: usize,
    unicode: bool,
}

impl Dump {
    fn pad(&mut self, columns: usize) {
        self.out.push_str(&" ".repeat(columns));
    }

    /// `inline`: the first entry stands on the line that is already begun.
    fn list(&mut self, items: &[Json], column: usize, inline: bool) {
        for (index, item) in items.iter().enumerate() {
            if index > 0 || !inline {
                self.pad(column);
            }
            self.out.push('-');
            self.pad(self.indent - 1);
            match item {
                Json::Array(inner) if !inner.is_empty() => self.list(inner, column + self.indent, true),
                Json::Object(inner) if !inner.is_empty() => self.map(inner, column + self.indent, true),
                scalar => {
                    let kept = self.out.trim_end_matches(' ').len();
                    self.out.truncate(kept);
                    self.out.push(' ');
                    self.scalar(scalar, column + self.indent);
                    self.out.push('\n');
                }
            }
        }
    }

    fn map(&mut self, map: &serde_json::Map<String, Json>, column: usize, inline: bool) {
        let mut entries: Vec<_> = map.iter().collect();
        entries.sort_by(|a, b| a.0.cmp(b.0));
        for (index, (key, item)) in entries.into_iter().enumerate() {
            if index > 0 || !inline {
                self.pad(column);
            }
            self.text(key, column, false);
            self.out.push(':');
            match item {
                Json::Array(inner) if !inner.is_empty() => {
                    self.out.push('\n');
                    self.list(inner, column, false);
                }
                Json::Object(inner) if !inner.is_empty() => {
                    self.out.push('\n');
                    self.map(inner, column + self.indent, false);
                }
                scalar => {
                    self.out.push(' ');
                    self.scalar(scalar, column + self.indent);
                    self.out.push('\n');
                }
            }
        }
    }

    fn scalar(&mut self, value: &Json, column: usize) {
        match value {
            Json::String(text) => self.text(text, column, true),
            Json::Number(number) => {
                let text = number_text(number);
                // YAML 1.1 knows floats with an exponent only if they have a point.
                let text =
                    if text.contains('e') && !text.contains('.') { text.replace('e', ".0e") } else { text };
                self.out.push_str(&text);
            }
            other => self.out.push_str(&other.to_string()),
        }
    }

    fn text(&mut self, text: &str, column: usize, fold: bool) {
        let special =
            |c: char| (c.is_control() && c != '\n') || c == '\u{feff}' || (!self.unicode && !c.is_ascii());
        if text.chars().any(special) || (text.contains('\n') && (has_blank_edges(text) || !fold)) {
            self.out.push_str(&double_quoted(text, self.unicode));
        } else if is_plain(text) {
            self.folded(text, "", column, fold);
        } else {
            self.out.push('\'');
            self.folded(&text.replace('\'', "''"), "'", column, fold);
        }
    }

    /// Writes text broken at single blanks past the width; a line break is doubled.
    fn folded(&mut self, text: &str, end: &str, column: usize, fold: bool) {
        let mut at = self.out.len() - self.out.rfind('\n').map_or(0, |at| at + 1);
        let chars: Vec<char> = text.chars().collect();
        let mut index = 0;
        while index < chars.len() {
            let c = chars[index];
            let inside = index > 0 && index + 1 < chars.len();
            let single = c == ' ' && inside && chars[index - 1] != ' ' && chars[index + 1] != ' ';
            if c == '\n' {
                self.out.push_str(if index > 0 && chars[index - 1] == '\n' { "\n" } else { "\n\n" });
                if chars.get(index + 1).is_some_and(|next| *next != '\n') || index + 1 == chars.len() {
                    self.pad(column);
                }
                at = column;
            } else if single && fold && at > FOLD {
                self.out.push('\n');
                self.pad(column);
                at = column;
            } else {
                self.out.push(c);
                at += 1;
            }
            index += 1;
        }
        self.out.push_str(end);
    }
}

/// Blanks next to line breaks or at the ends, which only double quotes keep.
fn has_blank_edges(text: &str) -> bool {
    text.contains(" \n") || text.contains("\n ")
}

/// Whether a text stays text without quotes.
fn is_plain(text: &str) -> bool {
    let Some(first) = text.chars().next() else { return false };
    let second_is_blank = text[first.len_utf8()..].chars().next().is_none_or(char::is_whitespace);
    let bad_start = "#,[]{}&*!|>'\"%@`".contains(first) || ("-?:".contains(first) && second_is_blank);
    let marks = text.contains(": ") || text.contains(" #") || text.ends_with(':') || text.contains('\n');
    let edges = text.starts_with(' ') || text.ends_with(' ');
    let document = text.starts_with("---") || text.starts_with("...");
    !(bad_start || marks || edges || document || is_other_type(text))
}

/// Whether YAML 1.1 reads a plain text as something else: null, booleans, numbers, dates, merge keys.
fn is_other_type(text: &str) -> bool {
    let words = ["null", "true", "false", "yes", "no", "on", "off"];
    let cased = |word: &&str| {
        let title = word[..1].to_uppercase() + &word[1..];
        text == *word || text == word.to_uppercase() || text == title
    };
    if ["~", "<<", "="].contains(&text) || words.iter().any(cased) {
        return true;
    }
    let digits = text.trim_start_matches(['+', '-']);
    let number = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && digits.chars().any(|c| c.is_ascii_digit() || c.is_ascii_alphabetic());
    number && (is_integer(digits) || is_float(digits) || is_date(text))
}

fn is_integer(text: &str) -> bool {
    let of =
        |digits: &str, radix| !digits.is_empty() && digits.chars().all(|c| c == '_' || c.is_digit(radix));
    match text.as_bytes() {
        [b'0', b'x', ..] => of(&text[2..], 16),
        [b'0', b'b', ..] => of(&text[2..], 2),
        [b'0', _, ..] => of(&text[1..], 8),
        _ => text.split(':').all(|part| of(part, 10)) && !text.starts_with('_'),
    }
}

fn is_float(text: &str) -> bool {
    if [".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF"].contains(&text) {
        return true;
    }
    let Some((whole, after)) = text.split_once('.') else { return false };
    let (fraction, power) = match after.split_once(['e', 'E']) {
        Some((fraction, power)) => (fraction, Some(power)),
        None => (after, None),
    };
    let digits = |part: &str| part.chars().all(|c| c == '_' || c.is_ascii_digit());
    let signed = |power: &str| {
        power.starts_with(['+', '-']) && power.len() > 1 && power[1..].chars().all(|c| c.is_ascii_digit())
    };
    digits(whole) && digits(fraction) && power.is_none_or(signed)
}

/// `2024-05-01`, with or without a time after it.
fn is_date(text: &str) -> bool {
    let day = text.get(..10).unwrap_or_default();
    let shape = day.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect::<String>();
    shape == "0000-00-00" && text[10..].chars().all(|c| c.is_ascii_digit() || "tTzZ :.+-".contains(c))
}

fn double_quoted(text: &str, unicode: bool) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\0' => out.push_str("\\0"),
            '\u{1b}' => out.push_str("\\e"),
            '\u{a0}' => out.push_str("\\_"),
            c if c.is_ascii_graphic() || c == ' ' || (unicode && !c.is_control()) => out.push(c),
            c if (c as u32) < 0x100 => out.push_str(&format!("\\x{:02X}", c as u32)),
            c if (c as u32) < 0x1_0000 => out.push_str(&format!("\\u{:04X}", c as u32)),
            c => out.push_str(&format!("\\U{:08X}", c as u32)),
        }
    }
    out.push('"');
    out
}
