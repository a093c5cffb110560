//! Jinja in workflows: the bot's templates with the functions of the workflow.

use std::sync::LazyLock;

use serde_json::Value;

use super::{Scope, asked};
use crate::config::nearest::nearest;
use crate::template::{Expressions, Question, nearest_filter};

/// What is answered by the workflow.
const FUNCTIONS: &[&str] = &[
    "ctx",
    "result",
    "succeeded",
    "failed",
    "completed",
    "item",
    "task_status",
    "task",
    "st2kv",
    "json",
    "zip",
];

/// Filters that may be called as functions too.
const HELPERS: &[&str] = &[
    "from_json_string",
    "json_parse",
    "from_yaml_string",
    "yaml_parse",
    "to_json_string",
    "json_dump",
    "to_yaml_string",
    "yaml_dump",
    "json_escape",
    "jsonpath_query",
    "regex_match",
    "regex_replace",
    "regex_search",
    "regex_substring",
    "version_compare",
    "version_more_than",
    "version_less_than",
    "version_equal",
    "version_match",
    "version_bump_major",
    "version_bump_minor",
    "version_bump_patch",
    "version_strip_patch",
    "to_human_time_from_seconds",
    "use_none",
    "basename",
    "dirname",
];

/// The same for every workflow, and costly to make: never changed once it is there.
static ENGINE: LazyLock<Expressions> = LazyLock::new(|| Expressions::new(FUNCTIONS, HELPERS));

/// The value of one expression.
pub(super) fn evaluate(source: &str, scope: &dyn Scope) -> Result<Value, String> {
    ENGINE.evaluate(source, &|question| answer(source, question, scope))
}

/// A text with blocks, rendered.
pub(super) fn render(source: &str, scope: &dyn Scope) -> Result<String, String> {
    ENGINE.render(source, &|question| answer(source, question, scope))
}

/// What a filter makes of its arguments.
pub(super) fn filter(name: &str, args: &[&Value]) -> Result<Value, String> {
    ENGINE.filter(name, args)
}

/// Why one expression does not parse.
pub(super) fn check(source: &str) -> Result<(), String> {
    ENGINE.check(source)
}

/// Why a text with blocks does not parse.
pub(super) fn check_text(source: &str) -> Result<(), String> {
    ENGINE.check_text(source)
}

/// What a text with its marks names that is not there.
pub(super) fn doubts(source: &str) -> Vec<String> {
    let unknown = ENGINE.unknown(source).into_iter();
    unknown
        .map(|(name, what)| match near(&name, what) {
            Some(near) => format!("unknown {what} `{name}`: did you mean `{near}`?"),
            None => format!("unknown {what} `{name}`"),
        })
        .collect()
}

fn near<'a>(name: &str, what: &str) -> Option<&'a str> {
    if what == "filter" { nearest_filter(name) } else { nearest(name, ENGINE.names()) }
}

fn answer(source: &str, question: &Question, scope: &dyn Scope) -> Result<Value, String> {
    let name = text(question, 0)?;
    match (question.function, name) {
        ("ctx", Some(name)) => asked::variable(scope, name).cloned(),
        ("ctx", None) => Ok(named_in(source, scope)),
        ("result" | "succeeded" | "failed" | "completed", _) if !scope.in_task() => {
            asked::in_task(scope).map(|()| Value::Null)
        }
        ("result", _) => Ok(scope.result().cloned().unwrap_or(Value::Null)),
        ("item", name) => scope.item(name),
        ("task_status", Some(name)) => Ok(scope.task_status(name)),
        ("task", name) => scope.task(name),
        ("st2kv", Some(key)) => {
            let decrypt = question.named.get("decrypt").or_else(|| question.args.get(1));
            let default = question.named.get("default").or_else(|| question.args.get(2));
            scope.kv(key, decrypt == Some(&Value::Bool(true)), default.cloned())
        }
        ("json", _) => json(question.args.first()),
        ("zip", _) => zip(question),
        ("succeeded" | "failed" | "completed", _) => Ok(asked::is(scope, question.function).into()),
        (function, _) => Err(format!("`{function}` needs a text")),
    }
}

/// The first argument where it has to be a text.
fn text(question: &Question, index: usize) -> Result<Option<&str>, String> {
    if matches!(question.function, "json" | "zip") {
        return Ok(None);
    }
    match question.args.get(index).or_else(|| question.named.get("key")) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(format!("`{}` needs a text, not `{other}`", question.function)),
    }
}

/// The context; only what the text names where it names all it wants, so that the rest is not copied.
fn named_in(source: &str, scope: &dyn Scope) -> Value {
    let names = super::reads::textual(source);
    let plain = source.matches("ctx()").count() == names.iter().filter(|read| read.by_point).count();
    if !plain {
        return Value::Object(asked::context(scope));
    }
    let known = names.iter().filter_map(|read| {
        let value = asked::variable(scope, &read.name).ok()?;
        Some((read.name.clone(), value.clone()))
    });
    Value::Object(known.collect())
}

/// JSON text read; a mapping passes through.
fn json(value: Option<&Value>) -> Result<Value, String> {
    match value {
        Some(Value::String(text)) => serde_json::from_str(text).map_err(|error| format!("not JSON: {error}")),
        Some(map @ Value::Object(_)) => Ok(map.clone()),
        _ => Err("`json` needs a text".to_owned()),
    }
}

/// Rows of several lists, as long as the longest; `pad` fills in. One list alone stays as it is.
fn zip(question: &Question) -> Result<Value, String> {
    match &question.args[..] {
        [Value::Null] => return Ok(Value::Array(Vec::new())),
        [only] => return Ok(only.clone()),
        _ => {}
    }
    let pad = question.named.get("pad").cloned().unwrap_or(Value::Null);
    let lists: Vec<Vec<Value>> = question.args.iter().map(walked).collect::<Result<_, _>>()?;
    let longest = lists.iter().map(Vec::len).max().unwrap_or(0);
    let row = |at: usize| lists.iter().map(|list| list.get(at).unwrap_or(&pad).clone()).collect();
    Ok(Value::Array((0..longest).map(|at| Value::Array(row(at))).collect()))
}

/// What Python walks over: the items of a list, the letters of a text, the keys of a mapping; null is nothing.
fn walked(value: &Value) -> Result<Vec<Value>, String> {
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Array(items) => Ok(items.clone()),
        Value::String(text) => Ok(text.chars().map(|c| Value::String(c.to_string())).collect()),
        Value::Object(map) => Ok(map.keys().map(|key| Value::String(key.clone())).collect()),
        _ => Err("`zip` needs lists".to_owned()),
    }
}
