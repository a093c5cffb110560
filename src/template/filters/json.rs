//! Filters on JSON, written as Python's `json.dumps` writes it.

use minijinja::value::{Kwargs, Rest, Serde};
use minijinja::{Environment, Error, State, Value};
use serde_json::Value as Json;

use super::args::{count, flag, given};
use super::metered;
use crate::template::limits::{charge, failed, measure};
use crate::template::python;

/// Adds the filters.
pub(super) fn add(env: &mut Environment<'static>) {
    metered(env, "from_json_string", |text: String| {
        let parsed: Result<Json, _> = serde_json::from_str(&text);
        parsed.map(|json| Value::from(Serde(json))).map_err(|error| failed(format!("not JSON: {error}")))
    });
    metered(env, "to_json_string", to_json_string);
    metered(env, "to_complex", |state: &mut State<'_, '_>, value: &Value| {
        Style { indent: None, item: ", ", key: ": ", sorted: false }.write(state, value)
    });
    metered(env, "json_escape", |text: String| {
        let mut out = String::new();
        quote(&text, &mut out);
        out[1..out.len() - 1].to_owned()
    });
    metered(env, "tojson", tojson);
    metered(env, "jsonpath_query", jsonpath_query);
}

/// `value` as JSON; refused when it is too large or nested too deep.
pub(super) fn to_json(state: &mut State<'_, '_>, value: &Value) -> Result<Json, Error> {
    if value.is_undefined() {
        return Err(failed("a value that is not there cannot be written"));
    }
    let size = measure(value)?;
    charge(state, size)?;
    serde_json::to_value(value).map_err(|error| failed(format!("cannot be written as JSON: {error}")))
}

/// How to write JSON.
struct Style<'a> {
    indent: Option<usize>,
    item: &'a str,
    key: &'a str,
    sorted: bool,
}

/// `to_json_string(indent=None, sort_keys=False, separators=(",", ": "))`.
fn to_json_string(
    state: &mut State<'_, '_>,
    value: &Value,
    args: Rest<Value>,
    kwargs: Kwargs,
) -> Result<String, Error> {
    let indent = count(&args, 0, &kwargs, "indent")?;
    let sorted = flag(&args, 1, &kwargs, "sort_keys")?.unwrap_or(false);
    let separators: Option<Value> = given(&args, 2, &kwargs, "separators")?;
    kwargs.assert_all_used()?;
    let (item, key) = match separators {
        Some(pair) => (pair.get_item_by_index(0)?.to_string(), pair.get_item_by_index(1)?.to_string()),
        None => (",".to_owned(), ": ".to_owned()),
    };
    Style { indent, item: &item, key: &key, sorted }.write(state, value)
}

/// Jinja's own: keys sorted, and safe inside HTML.
fn tojson(
    state: &mut State<'_, '_>,
    value: &Value,
    args: Rest<Value>,
    kwargs: Kwargs,
) -> Result<String, Error> {
    let indent = count(&args, 0, &kwargs, "indent")?;
    let item = if indent.is_some() { "," } else { ", " };
    let text = Style { indent, item, key: ": ", sorted: true }.write(state, value)?;
    let safe = [('<', "\\u003c"), ('>', "\\u003e"), ('&', "\\u0026"), ('\'', "\\u0027")];
    Ok(safe.iter().fold(text, |text, (from, to)| text.replace(*from, to)))
}

impl Style<'_> {
    fn write(&self, state: &mut State<'_, '_>, value: &Value) -> Result<String, Error> {
        if self.indent.is_some_and(|indent| indent > 100) {
            return Err(failed("an indent of more than 100 is too large"));
        }
        let json = to_json(state, value)?;
        let mut out = String::new();
        self.value(&json, 0, &mut out);
        charge(state, out.len())?;
        Ok(out)
    }

    fn value(&self, json: &Json, depth: usize, out: &mut String) {
        match json {
            Json::String(text) => quote(text, out),
            Json::Number(number) => out.push_str(&number_text(number)),
            Json::Array(items) if items.is_empty() => out.push_str("[]"),
            Json::Object(map) if map.is_empty() => out.push_str("{}"),
            Json::Array(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    self.between(index, depth + 1, out);
                    self.value(item, depth + 1, out);
                }
                self.end(depth, ']', out);
            }
            Json::Object(map) => {
                let mut entries: Vec<_> = map.iter().collect();
                if self.sorted {
                    entries.sort_by(|a, b| a.0.cmp(b.0));
                }
                out.push('{');
                for (index, (key, item)) in entries.into_iter().enumerate() {
                    self.between(index, depth + 1, out);
                    quote(key, out);
                    out.push_str(self.key);
                    self.value(item, depth + 1, out);
                }
                self.end(depth, '}', out);
            }
            other => out.push_str(&other.to_string()),
        }
    }

    fn between(&self, index: usize, depth: usize, out: &mut String) {
        if index > 0 {
            out.push_str(self.item);
        }
        self.line(depth, out);
    }

    fn end(&self, depth: usize, mark: char, out: &mut String) {
        self.line(depth, out);
        out.push(mark);
    }

    fn line(&self, depth: usize, out: &mut String) {
        if let Some(indent) = self.indent {
            out.push('\n');
            out.push_str(&" ".repeat(indent * depth));
        }
    }
}

/// A number as Python writes it.
pub(super) fn number_text(number: &serde_json::Number) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() => python::float(float),
        _ => number.to_string(),
    }
}

/// A JSON string in ASCII.
fn quote(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='\u{7e}' => out.push(c),
            c => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    out.push('"');
}

/// The list of what a JSONPath finds, or None; the leading `$.` may be left out.
fn jsonpath_query(state: &mut State<'_, '_>, value: &Value, query: String) -> Result<Value, Error> {
    let json = to_json(state, value)?;
    let path = match query.chars().next() {
        Some('$') => query,
        Some('[' | '.') => format!("${query}"),
        _ => format!("$.{query}"),
    };
    let path = serde_json_path::JsonPath::parse(&path)
        .map_err(|error| failed(format!("`{path}` is not a JSONPath: {error}")))?;
    let found = path.query(&json).all();
    if found.is_empty() {
        return Ok(Value::from(()));
    }
    Ok(found.into_iter().map(|json| Value::from(Serde(json))).collect())
}
