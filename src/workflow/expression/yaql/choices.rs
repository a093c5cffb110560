//! Functions that decide, and those that make a value of another type.

use std::borrow::Cow;

use serde_json::Value;

use super::super::print;
use super::call::{self, Call, Slot};
use super::operators;
use super::table::{Form, Row, find, function, method};
use super::value::{Cause, Datum, NULL, Num, boolean, items, kind, text, truth};

/// The rows.
pub(super) const ROWS: &[Row] = &[
    function("switch", "=>", switch),
    function("coalesce", "*", coalesce),
    function("selectCase", "*", select_case),
    function("examine", "*", examine),
    method("switchCase", "*", switch_case),
    function("let", "* =>", vars),
    function("with", "*", vars),
    function("call", "name args kwargs receiver?", by_name),
    function("bool", "value", |call| Ok(boolean(truth(&*call.value(0)?)))),
    function("str", "value", |call| written(&*call.value(0)?).map(text)),
    function("int", "value", int),
    function("float", "value", float),
    function("isString", "value", |call| Ok(boolean(call.value(0)?.is_string()))),
    function("isList", "value", |call| Ok(boolean(call.value(0)?.is_array()))),
    function("isDict", "value", |call| Ok(boolean(call.value(0)?.is_object()))),
    function("isBoolean", "value", |call| Ok(boolean(call.value(0)?.is_boolean()))),
    function("isInteger", "value", |call| {
        Ok(boolean(matches!(Num::of(&*call.value(0)?), Some(Num::Int(_)))))
    }),
    function("isNumber", "value", |call| Ok(boolean(call.value(0)?.is_number()))),
    function("max", "a b", |call| larger(&call, std::cmp::Ordering::is_gt)),
    function("min", "a b", |call| larger(&call, std::cmp::Ordering::is_lt)),
];

/// The value behind the first condition that is true.
fn switch<'a>(call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    for (when, value) in call.pairs() {
        if truth(&*call.here(when)?) {
            return call.here(value);
        }
    }
    Ok(NULL)
}

/// The first argument that is not null.
fn coalesce<'a>(call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    for index in 0..call.more() {
        let value = call.nth(index)?;
        if !value.is_null() {
            return Ok(value);
        }
    }
    Ok(NULL)
}

/// The number of the first argument that is true; that behind the last if none is.
fn select_case<'a>(call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    for index in 0..call.more() {
        if truth(&*call.nth(index)?) {
            return Ok(super::value::count(index));
        }
    }
    Ok(super::value::count(call.more()))
}

/// For each argument whether it is true.
fn examine<'a>(call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let all = call.rest()?.iter().map(|value| boolean(truth(value))).collect();
    call.evaluator.meter.list(all)
}

/// The argument that a number chooses; the last one for all others.
fn switch_case<'a>(mut call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let of = call.of();
    let case = of.as_i64().ok_or_else(|| format!("a whole number is needed, not {}", kind(&of)))?;
    let last = call.more().checked_sub(1);
    match (usize::try_from(case).ok().filter(|case| *case < call.more()), last) {
        (Some(case), _) => call.nth(case),
        (None, Some(last)) => call.nth(last),
        (None, None) => Ok(NULL),
    }
}

fn vars<'a>(_: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    Err("variables are set for what follows `->`: `let(a => 1) -> $a + 1`".to_owned())
}

/// `call(len, [x], {})`: a function by its name.
fn by_name<'a>(call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let name = call.text(0)?;
    if name == "call" {
        return Err("a call of `call` leads nowhere".to_owned());
    }
    let of = call.optional(3)?;
    let row = find(&name, if of.is_some() { Form::Method } else { Form::Function })?;
    let plain = items(call.value(1)?)?.into_iter().map(Slot::Value).collect();
    let named = super::value::mapping(call.value(2)?)?;
    let named = named.into_iter().map(|(name, value)| (name, Slot::Value(Cow::Owned(value)))).collect();
    call::bind(call.other(row.name, of), row, plain, named)
}

/// A value as text: `true`, `null` in lower case, all else as Python prints it.
pub(super) fn written(value: &Value) -> Result<String, Cause> {
    match value {
        Value::Null => Ok("null".to_owned()),
        Value::Bool(yes) => Ok(yes.to_string()),
        other => print(other),
    }
}

/// Text that is whole, a number cut off, null as 0.
fn int<'a>(call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let value = call.value(0)?;
    let whole = match &*value {
        Value::Null => Some(0),
        Value::String(text) => text.trim().parse().ok(),
        other => match Num::counting(other) {
            Some(Num::Int(int)) => Some(int),
            Some(Num::Float(float)) => Some(float.trunc() as i128),
            None => None,
        },
    };
    whole.map(Num::Int).ok_or_else(|| format!("{value} is not a whole number"))?.value()
}

fn float<'a>(call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let value = call.value(0)?;
    let number = match &*value {
        Value::Null => Some(0.0),
        Value::String(text) => text.trim().parse().ok(),
        other => Num::counting(other).map(Num::float),
    };
    number.map(Num::Float).ok_or_else(|| format!("{value} is not a number"))?.value()
}

fn larger<'a>(call: &Call<'_, 'a>, wanted: fn(std::cmp::Ordering) -> bool) -> Result<Datum<'a>, Cause> {
    let (a, b) = (call.value(0)?, call.value(1)?);
    Ok(if wanted(super::value::compare(&b, &a)?) { b } else { a })
}

/// The sum of two values, as `+` makes it.
pub(super) fn sum<'a>(call: &Call<'_, 'a>, a: Datum<'a>, b: Datum<'a>) -> Result<Datum<'a>, Cause> {
    operators::add(call.evaluator, a, b)
}
