//! Bodies read whatever their content type says, and changes of a document: JSON Merge Patch (RFC 7396), an object, and
//! JSON Patch (RFC 6902), a list of operations.

use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::problem::Problem;

/// The most operations of one patch.
const MOST: usize = 1_000;

/// A JSON body.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let value: Value = serde_json::from_slice(body)
        .map_err(|error| Problem::wrong(format!("the body is no JSON: {error}")))?;
    fit(value)
}

/// A value as what is expected.
pub(super) fn fit<T: DeserializeOwned>(value: Value) -> Result<T, Problem> {
    serde_json::from_value(value).map_err(|error| {
        let why = error.to_string();
        let named = why.split('`').nth(1).filter(|_| why.contains(" field `")).map(str::to_owned);
        let problem = Problem::wrong(format!("the body does not fit: {why}"));
        match named {
            Some(field) => problem.field(field),
            None => problem,
        }
    })
}

/// A patch of either kind of something that has the fields `T`.
#[derive(Debug, JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it says what is accepted; `apply` reads it")]
pub(super) enum Patch<T> {
    /// A JSON Merge Patch: fields with their new values, null for one that goes.
    Merge(T),
    /// A JSON Patch: operations, one after the other.
    Steps(Vec<Operation>),
}

/// One operation of a JSON Patch.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Operation {
    /// What is done.
    #[schemars(extend("enum" = ["add", "remove", "replace", "move", "copy", "test"]))]
    op: String,
    /// Where: `/options/channels/-`.
    path: String,
    /// What is moved or copied.
    #[serde(default)]
    from: Option<String>,
    /// What is added, put there or compared with.
    #[serde(default)]
    value: Option<Value>,
}

/// Applies a patch of either kind to `document`; all of it or nothing.
pub(super) fn apply(document: &mut Value, patch: Value) -> Result<(), Problem> {
    match patch {
        Value::Object(patch) => {
            merge(document, patch);
            Ok(())
        }
        list @ Value::Array(_) => {
            let operations: Vec<Operation> = serde_json::from_value(list)
                .map_err(|error| Problem::wrong(format!("this is no JSON Patch: {error}")))?;
            if operations.len() > MOST {
                return Err(Problem::wrong(format!("at most {MOST} operations are accepted")));
            }
            let mut changed = document.clone();
            for (index, operation) in operations.into_iter().enumerate() {
                let path = operation.path.clone();
                step(&mut changed, operation).map_err(|(status, why)| {
                    Problem::new(status, format!("operation {index}: {why}")).field(path)
                })?;
            }
            *document = changed;
            Ok(())
        }
        _ => Err(Problem::wrong("a patch is an object (JSON Merge Patch) or a list (JSON Patch)")),
    }
}

fn merge(document: &mut Value, patch: Map<String, Value>) {
    if !document.is_object() {
        *document = Value::Object(Map::new());
    }
    let Value::Object(own) = document else { return };
    for (key, value) in patch {
        match value {
            Value::Null => drop(own.shift_remove(&key)),
            Value::Object(inner) => merge(own.entry(key).or_insert(Value::Null), inner),
            other => drop(own.insert(key, other)),
        }
    }
}

type Wrong = (StatusCode, String);

fn wrong(why: impl Into<String>) -> Wrong {
    (StatusCode::BAD_REQUEST, why.into())
}

fn step(document: &mut Value, operation: Operation) -> Result<(), Wrong> {
    let Operation { op, path, from, value } = operation;
    let given = || value.clone().ok_or_else(|| wrong(format!("`{op}` needs a `value`")));
    let source = || from.clone().ok_or_else(|| wrong(format!("`{op}` needs `from`")));
    match op.as_str() {
        "add" => add(document, &path, given()?),
        "remove" => remove(document, &path).map(drop),
        "replace" => {
            let new = given()?;
            *document.pointer_mut(&path).ok_or_else(|| nowhere(&path))? = new;
            Ok(())
        }
        "move" => {
            let from = source()?;
            if path.starts_with(&format!("{from}/")) {
                return Err(wrong("a value cannot be moved into itself"));
            }
            let value = remove(document, &from)?;
            add(document, &path, value)
        }
        "copy" => {
            let from = source()?;
            let value = document.pointer(&from).cloned().ok_or_else(|| nowhere(&from))?;
            add(document, &path, value)
        }
        "test" if document.pointer(&path) == Some(&given()?) => Ok(()),
        "test" => Err((StatusCode::CONFLICT, format!("`{path}` is something else"))),
        _ => Err(wrong("`op` is one of add, remove, replace, move, copy, test")),
    }
}

fn nowhere(path: &str) -> Wrong {
    wrong(format!("there is nothing at `{path}`"))
}

/// The value that holds what `path` names, and the last part of the path.
fn parent<'d>(document: &'d mut Value, path: &str) -> Result<(&'d mut Value, String), Wrong> {
    let (above, last) = path.rsplit_once('/').ok_or_else(|| wrong("a path begins with `/`"))?;
    let last = last.replace("~1", "/").replace("~0", "~");
    let parent = document.pointer_mut(above).ok_or_else(|| nowhere(above))?;
    Ok((parent, last))
}

fn add(document: &mut Value, path: &str, value: Value) -> Result<(), Wrong> {
    if path.is_empty() {
        *document = value;
        return Ok(());
    }
    match parent(document, path)? {
        (Value::Object(map), key) => drop(map.insert(key, value)),
        (Value::Array(items), key) => {
            let at = if key == "-" { Some(items.len()) } else { key.parse().ok() };
            let at = at.filter(|at| *at <= items.len()).ok_or_else(|| nowhere(path))?;
            items.insert(at, value);
        }
        _ => return Err(nowhere(path)),
    }
    Ok(())
}

fn remove(document: &mut Value, path: &str) -> Result<Value, Wrong> {
    let removed = match parent(document, path)? {
        (Value::Object(map), key) => map.shift_remove(&key),
        (Value::Array(items), key) => {
            key.parse().ok().filter(|at: &usize| *at < items.len()).map(|at| items.remove(at))
        }
        _ => None,
    };
    removed.ok_or_else(|| nowhere(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn patched(patch: Value) -> Result<Value, String> {
        let mut document =
            json!({"id": "h", "options": {"channels": ["#a"], "color": "red"}, "match": "changed"});
        apply(&mut document, patch).map(|()| document.clone()).map_err(|problem| format!("{problem:?}"))
    }

    #[test]
    fn both_kinds_of_patch_change_a_document() {
        let merged =
            patched(json!({"match": null, "options": {"color": "blue", "more": {"x": null, "y": 1}}}))
                .unwrap();
        let expected = json!({"id": "h", "options": {"channels": ["#a"], "color": "blue", "more": {"y": 1}}});
        assert_eq!(merged, expected);
        let steps = json!([
            {"op": "test", "path": "/match", "value": "changed"},
            {"op": "replace", "path": "/options/color", "value": "blue"},
            {"op": "add", "path": "/options/channels/-", "value": "#b"},
            {"op": "add", "path": "/options/channels/0", "value": "#c"},
            {"op": "move", "from": "/match", "path": "/options/a~1b"},
            {"op": "copy", "from": "/options/channels/1", "path": "/first"},
            {"op": "remove", "path": "/options/channels/2"},
        ]);
        let expected = json!({"id": "h", "options": {"channels": ["#c", "#a"], "color": "blue", "a/b": "changed"}, "first": "#a"});
        assert_eq!(patched(steps).unwrap(), expected);
    }

    #[test]
    fn a_patch_that_does_not_fit_is_refused_whole() {
        for (patch, why) in [
            (json!("x"), "JSON Merge Patch"),
            (json!([{"op": "remove", "path": "/none"}]), "nothing at"),
            (json!([{"op": "grow", "path": "/match"}]), "one of add"),
            (json!([{"op": "add", "path": "match", "value": 1}]), "begins with"),
            (json!([{"op": "add", "path": "/match"}]), "needs a `value`"),
            (json!([{"op": "move", "from": "/options", "path": "/options/x"}]), "into itself"),
            (json!([{"op": "test", "path": "/id", "value": "other"}]), "something else"),
            (json!([{"op": "add", "path": "/options/channels/9", "value": 1}]), "nothing at"),
            (json!([{"path": "/id"}]), "no JSON Patch"),
        ] {
            assert!(patched(patch.clone()).unwrap_err().contains(why), "{patch}");
        }
    }
}
