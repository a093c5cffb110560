//! What operators become before the engine sees a template; see `prepare`. The names begin with an
//! underscore: no template is meant to write them.

use minijinja::value::ValueKind;
use minijinja::{Environment, Error, State, Value};

use super::filters::format;
use super::limits::{charge, failed, measure, room};
use super::list::List;

/// One unit of work for so many bytes or items that are only copied or compared.
const COPIED: usize = 8;

/// Adds the filters and the function.
pub(super) fn add(env: &mut Environment<'static>) {
    env.add_filter("_times", times);
    env.add_filter("_modulo", modulo);
    env.add_filter("_bounded", bounded);
    env.add_filter("_length", length);
    env.add_filter("_list", list);
    env.add_function("_charge", |state: &mut State<'_, '_>, bytes: usize| charge(state, bytes));
}

/// The value itself, if it is not too large with all that is in it.
fn bounded(state: &mut State<'_, '_>, value: Value) -> Result<Value, Error> {
    let size = measure(&value)?;
    charge(state, size / COPIED)?;
    Ok(value)
}

/// The value itself; its length is charged for.
fn length(state: &mut State<'_, '_>, value: Value) -> Result<Value, Error> {
    let size = match value.kind() {
        ValueKind::Seq | ValueKind::String => value.len().unwrap_or(0),
        _ => 0,
    };
    charge(state, size / COPIED)?;
    Ok(value)
}

/// A list that can be appended to.
fn list(state: &mut State<'_, '_>, value: Value) -> Result<Value, Error> {
    let value = bounded(state, value)?;
    Ok(List::of(value.try_iter()?.collect()))
}

/// `a * b`: a product, or text or a list repeated.
fn times(state: &mut State<'_, '_>, a: Value, b: Value) -> Result<Value, Error> {
    defined(&a, &b)?;
    if let (Some(a), Some(b)) = (integer(&a), integer(&b)) {
        return a.checked_mul(b).map(Value::from).ok_or_else(|| failed("the product is too large"));
    }
    if let (Some(a), Some(b)) = (number(&a), number(&b)) {
        return Ok(Value::from(a * b));
    }
    let (repeated, count) = if integer(&b).is_some() { (&a, &b) } else { (&b, &a) };
    let count = integer(count).ok_or_else(|| mismatch("*", &a, &b))?;
    let count = usize::try_from(count.max(0)).map_err(|_| failed("the result is too large"))?;
    let size = measure(repeated)?.saturating_mul(count);
    if size > room(state) {
        return Err(failed("the result is too large"));
    }
    charge(state, size)?;
    match repeated.as_str() {
        Some(text) => Ok(Value::from(text.repeat(count))),
        None if matches!(repeated.kind(), ValueKind::Seq | ValueKind::Iterable) => {
            let items: Vec<Value> = repeated.try_iter()?.collect();
            Ok(List::of(items.iter().cycle().take(items.len() * count).cloned().collect()))
        }
        None => Err(mismatch("*", &a, &b)),
    }
}

/// `a % b`: the remainder with the sign of the divisor, or text formatted as Python does.
fn modulo(state: &mut State<'_, '_>, a: Value, b: Value) -> Result<Value, Error> {
    if let Some(text) = a.as_str() {
        charge(state, text.len())?;
        return format::percent_operator(state, text, &b).map(Value::from);
    }
    defined(&a, &b)?;
    if let (Some(a), Some(b)) = (integer(&a), integer(&b)) {
        let remainder = a.checked_rem(b).ok_or_else(|| failed("cannot divide by zero"))?;
        let turned = remainder != 0 && (remainder < 0) != (b < 0);
        return Ok(Value::from(if turned { remainder + b } else { remainder }));
    }
    match (number(&a), number(&b)) {
        (Some(_), Some(0.0)) => Err(failed("cannot divide by zero")),
        (Some(a), Some(b)) => Ok(Value::from(a - (a / b).floor() * b)),
        _ => Err(mismatch("%", &a, &b)),
    }
}

fn defined(a: &Value, b: &Value) -> Result<(), Error> {
    match a.is_undefined() || b.is_undefined() {
        true => Err(minijinja::ErrorKind::UndefinedError.into()),
        false => Ok(()),
    }
}

/// Whole numbers; Python counts True as 1.
fn integer(value: &Value) -> Option<i128> {
    match value.kind() {
        ValueKind::Bool => Some(i128::from(value.is_true())),
        ValueKind::Number if value.is_integer() => i128::try_from(value.clone()).ok(),
        _ => None,
    }
}

fn number(value: &Value) -> Option<f64> {
    matches!(value.kind(), ValueKind::Bool | ValueKind::Number)
        .then(|| f64::try_from(value.clone()).ok())
        .flatten()
}

fn mismatch(sign: &str, a: &Value, b: &Value) -> Error {
    failed(format!("`{sign}` cannot work on {} and {}", a.kind(), b.kind()))
}
