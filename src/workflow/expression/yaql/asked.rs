//! Functions that ask about the workflow: its context, the task that ended, the item, the datastore.

use std::borrow::Cow;

use serde_json::Value;

use super::super::{Scope, asked};
use super::call::Call;
use super::lists::padded;
use super::table::{Row, function};
use super::value::{Cause, Datum, NULL, items, kind, truth};

/// The rows.
pub(super) const ROWS: &[Row] = &[
    function("ctx", "key?", ctx),
    function("result", "", |call| {
        asked::in_task(call.evaluator.scope)?;
        Ok(call.evaluator.scope.result().map_or(NULL, Cow::Borrowed))
    }),
    function("succeeded", "", status),
    function("failed", "", status),
    function("completed", "", status),
    function("item", "key?", item),
    function("task_status", "task_name", |call| {
        Ok(Cow::Owned(call.evaluator.scope.task_status(&call.text(0)?)))
    }),
    function("task", "task_name?", |call| {
        call.evaluator.scope.task(call.optional_text(0)?.as_deref()).map(Cow::Owned)
    }),
    function("st2kv", "key decrypt? default?", st2kv),
    function("json", "text", json),
    function("zip", "* **", zip),
];

/// One variable of the context.
pub(super) fn variable<'a>(scope: &'a dyn Scope, name: &str) -> Result<Datum<'a>, Cause> {
    asked::variable(scope, name).map(Cow::Borrowed)
}

fn ctx<'a>(call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let scope = call.evaluator.scope;
    let name = call.optional(0)?.filter(|name| truth(name));
    match name {
        Some(name) => match name.as_str() {
            Some(name) => variable(scope, name),
            None => Err(format!("the name of a variable is needed, not {}", kind(&name))),
        },
        None => {
            let size = scope.context().values().map(super::value::size).sum();
            call.evaluator.meter.make(size)?;
            Ok(Cow::Owned(Value::Object(asked::context(scope))))
        }
    }
}

fn status<'a>(call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    asked::in_task(call.evaluator.scope)?;
    Ok(super::value::boolean(asked::is(call.evaluator.scope, call.name)))
}

fn item<'a>(call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let name = call.optional_text(0)?;
    call.evaluator.scope.item(name.as_deref()).map(Cow::Owned)
}

fn st2kv<'a>(call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let decrypt = truth(&*call.value(1)?);
    let default = call.optional(2)?.map(Cow::into_owned);
    call.evaluator.scope.kv(&call.text(0)?, decrypt, default).map(Cow::Owned)
}

/// JSON text read; a mapping passes through.
fn json<'a>(call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let value = call.value(0)?;
    let Some(text) = value.as_str() else {
        let passes = value.is_object();
        return if passes { Ok(value) } else { Err(format!("a text is needed, not {}", kind(&value))) };
    };
    call.evaluator.meter.make(text.len() as u64)?;
    serde_json::from_str(text).map(Cow::Owned).map_err(|error| format!("not JSON: {error}"))
}

/// Rows of several lists, as long as the longest; `pad => x` fills in. One list alone stays as it is.
fn zip<'a>(call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let mut given = call.rest()?;
    if given.len() == 1 {
        return Ok(given
            .pop()
            .map_or(NULL, |only| if only.is_null() { Cow::Owned(Value::Array(Vec::new())) } else { only }));
    }
    padded(&call, given.into_iter().map(walked).collect::<Result<_, _>>()?, "pad")
}

/// What Python walks over: the items of a list, the letters of a text, the keys of a mapping; null is nothing.
fn walked(value: Datum<'_>) -> Result<Vec<Datum<'_>>, Cause> {
    match &*value {
        Value::Null => Ok(Vec::new()),
        Value::String(whole) => Ok(whole.chars().map(super::value::text).collect()),
        Value::Object(map) => Ok(map.keys().map(super::value::text).collect()),
        _ => items(value),
    }
}
