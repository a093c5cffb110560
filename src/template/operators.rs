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
    env.add_filter("_slice", slice);
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

/// `x[start:stop:step]` of a text or a list, as Python cuts it.
fn slice(
    state: &mut State<'_, '_>,
    value: Value,
    start: Value,
    stop: Value,
    step: Value,
) -> Result<Value, Error> {
    charge(state, value.len().unwrap_or(0) / COPIED)?;
    if value.is_undefined() || value.is_none() {
        defined(&value, &start)?;
        return Err(failed("none cannot be cut into slices"));
    }
    let places = |length: usize| -> Result<Vec<usize>, Error> {
        Ok(places(bound(&start)?, bound(&stop)?, bound(&step)?.unwrap_or(1), length)?)
    };
    if let Some(text) = value.as_str() {
        let chars: Vec<char> = text.chars().collect();
        return Ok(Value::from(places(chars.len())?.into_iter().map(|at| chars[at]).collect::<String>()));
    }
    if !matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable) {
        return Err(failed(format!("a {} cannot be cut into slices", value.kind())));
    }
    let items: Vec<Value> = value.try_iter()?.collect();
    let cut: Vec<Value> = places(items.len())?.into_iter().map(|at| items[at].clone()).collect();
    Ok(if value.is_tuple() { Value::from(minijinja::value::Tuple::new(cut)) } else { List::of(cut) })
}

/// A bound of a slice; none where it is left out.
fn bound(value: &Value) -> Result<Option<i128>, Error> {
    match value.is_none() {
        true => Ok(None),
        false => integer(value).map(Some).ok_or_else(|| failed("the bounds of a slice are whole numbers")),
    }
}

/// The places that a slice takes.
fn places(start: Option<i128>, stop: Option<i128>, step: i128, length: usize) -> Result<Vec<usize>, Error> {
    let length = i128::try_from(length).unwrap_or(i128::MAX);
    let (low, high) = match step {
        0 => return Err(failed("a slice cannot have a step of zero")),
        1.. => (0, length),
        _ => (-1, length - 1),
    };
    let place = |at: i128| (if at < 0 { at.saturating_add(length) } else { at }).clamp(low, high);
    let (mut at, end) = match step {
        1.. => (start.map_or(low, place), stop.map_or(high, place)),
        _ => (start.map_or(high, place), stop.map_or(low, place)),
    };
    let mut found = Vec::new();
    while (step > 0 && at < end) || (step < 0 && at > end) {
        found.push(usize::try_from(at).unwrap_or(0));
        at = at.saturating_add(step);
    }
    Ok(found)
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
