//! Formatting with `%s` (the filter `format`, and `%` on strings) and with braces (`str.format`):
//! the engine's own code behind a check of the widths, which could else ask for gigabytes.

use minijinja::formatting::{FormatStyle, format};
use minijinja::value::{Kwargs, Rest, ValueOrKwargs};
use minijinja::{Environment, Error, State, Value};

use super::metered;
use crate::template::limits::{charge, failed, room};
use crate::template::python;

/// The largest width and precision of one placeholder.
const WIDEST: u64 = 10_000;

/// Adds the filters.
pub(super) fn add(env: &mut Environment<'static>) {
    metered(env, "format", |state: &mut State<'_, '_>, text: String, args: Rest<ValueOrKwargs>| {
        percent(&text, &args.into_values(), room(state))
    });
}

/// `text % value`: a tuple holds one value for each placeholder, a mapping named ones.
pub(crate) fn percent_operator(
    state: &mut State<'_, '_>,
    text: &str,
    value: &Value,
) -> Result<String, Error> {
    let args = if value.is_tuple() {
        value.try_iter()?.checked().collect::<Result<Vec<_>, _>>()?
    } else if value.kind() == minijinja::value::ValueKind::Map && text.contains("%(") {
        let named = value.try_iter()?.map(|key| Ok((key.to_string(), value.get_item(&key)?)));
        vec![Value::from(named.collect::<Result<Kwargs, Error>>()?)]
    } else {
        vec![value.clone()]
    };
    let text = percent(text, &args, room(state))?;
    charge(state, text.len())?;
    Ok(text)
}

fn percent(text: &str, args: &[Value], most: usize) -> Result<String, Error> {
    widths(text, args)?;
    let args = printed(args, most)?;
    format(FormatStyle::Printf, text, &args)
}

/// Python's `str.format`.
pub(crate) fn braces(text: &str, args: &[Value], most: usize) -> Result<String, Error> {
    widths(text, args)?;
    python_sizes(args, most)?;
    format(FormatStyle::StrFormat, text, args)
}

/// Refuses numbers in a format that are beyond [`WIDEST`], and `*` widths given by an argument.
fn widths(text: &str, args: &[Value]) -> Result<(), Error> {
    let mut number: u64 = 0;
    let mut widest = 0;
    for c in text.chars() {
        number = c.to_digit(10).map_or(0, |digit| number.saturating_mul(10).saturating_add(u64::from(digit)));
        widest = widest.max(number);
    }
    if widest > WIDEST && (text.contains('%') || text.contains('{')) {
        return Err(failed(format!("a width of {widest} is too large")));
    }
    let given = args.iter().filter_map(Value::as_i64).map(i64::unsigned_abs).max().unwrap_or(0);
    let indirect = text.contains('*') || text.contains(":{");
    if indirect && given > WIDEST {
        return Err(failed(format!("a width of {given} is too large")));
    }
    Ok(())
}

/// Lists and mappings as Python prints them, for `%s`.
fn printed(args: &[Value], most: usize) -> Result<Vec<Value>, Error> {
    let print = |value: &Value| match value.as_object() {
        Some(_) if !value.is_kwargs() => python::text(value, most).map(Value::from),
        _ => Ok(value.clone()),
    };
    args.iter().map(print).collect()
}

fn python_sizes(args: &[Value], most: usize) -> Result<(), Error> {
    args.iter().try_for_each(|value| python::text(value, most).map(drop))
}
