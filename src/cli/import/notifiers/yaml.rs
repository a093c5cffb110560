//! Values as YAML that people go on with: blocks, short lists in one line, quotes only where they are needed.

use serde_json::{Map, Value};

/// The fields of a mapping, one or more lines each, behind `indent` blanks.
pub(super) fn fields(map: &Map<String, Value>, indent: usize) -> String {
    let mut out = String::new();
    for (key, value) in map {
        out.push_str(&format!("{:indent$}{}:", "", text(key)));
        out.push_str(&behind(value, indent));
    }
    out
}

/// What follows the colon behind a key, with its line end.
fn behind(value: &Value, indent: usize) -> String {
    match value {
        Value::Object(map) if !map.is_empty() => format!("\n{}", fields(map, indent + 2)),
        Value::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) => {
            let items = items.iter().map(|item| entry(item, indent + 2));
            format!("\n{}", items.collect::<String>())
        }
        Value::String(lines) if is_block(lines) => block(lines, indent + 2),
        other => format!(" {}\n", flow(other)),
    }
}

/// One entry of a list of mappings.
pub(super) fn entry(value: &Value, indent: usize) -> String {
    let Value::Object(map) = value else { return format!("{:indent$}- {}\n", "", flow(value)) };
    let body = fields(map, indent + 2);
    format!("{:indent$}- {}", "", body.get(indent + 2..).unwrap_or_default())
}

/// A value in one line.
pub(super) fn flow(value: &Value) -> String {
    match value {
        Value::String(plain) => text(plain),
        Value::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            let fields = map.iter().map(|(key, value)| format!("{}: {}", text(key), flow(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

/// Several lines that need no quotes: none begins with a blank or holds what cannot stand in a block.
fn is_block(lines: &str) -> bool {
    let body = lines.strip_suffix('\n').unwrap_or(lines);
    let printable = |c: char| c == '\n' || !c.is_control();
    lines.contains('\n')
        && !body.ends_with('\n')
        && !body.starts_with([' ', '\n'])
        && lines.chars().all(printable)
}

fn block(lines: &str, indent: usize) -> String {
    let mark = if lines.ends_with('\n') { "|" } else { "|-" };
    let line = |line: &str| if line.is_empty() { "\n".to_owned() } else { format!("{:indent$}{line}\n", "") };
    format!(" {mark}\n{}", lines.lines().map(line).collect::<String>())
}

/// A text, in quotes if YAML would take it for something else.
fn text(text: &str) -> String {
    let inside = |c: char| c.is_ascii_alphanumeric() || "_-./+ ".contains(c);
    let words = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"];
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
        && text.chars().all(inside)
        && !text.ends_with(' ')
        && !words.contains(&text.to_ascii_lowercase().as_str());
    if plain { text.to_owned() } else { Value::from(text).to_string() }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_written_reads_back_as_it_was() {
        let value = json!({
            "name": "ops", "no": "on", "number": "010", "colon": "a: b", "hash": "#ops", "empty": "", "list": ["a", "#b", 1],
            "deep": {"a b": {"x": [{"k": "v", "l": [[1]]}, {"m": {"n": null}}]}, "none": {}, "nil": []},
            "lines": "one\n  two\n\nthree", "ended": "one\ntwo\n", "indented": " one\ntwo", "tab": "a\tb\n\u{1b}c",
            "quote": "\"it's\" ${X} {{ y }} \\", "true": true, "trailing": "a ",
        });
        let written = fields(value.as_object().unwrap(), 0);
        let read: Value = crate::config::yaml::read(Path::new("a.yaml"), &written).unwrap();
        assert_eq!(read, value, "{written}");
    }

    #[test]
    fn plain_words_have_no_quotes() {
        let value = json!({"to": {"webhook": {"url": "${A}", "events": ["run-failed", "x"]}}});
        let written = fields(value.as_object().unwrap(), 2);
        assert_eq!(written, "  to:\n    webhook:\n      url: \"${A}\"\n      events: [run-failed, x]\n");
    }
}
