//! Formatting with `%s` (the filter `format`, and `%` on strings) and with braces (`str.format`):
//! the engine's own code behind a check of the widths, which could else ask for gigabytes.

use minijinja::formatting::{FormatStyle, format};
use minijinja::value::{Kwargs, Rest, ValueOrKwargs};
use minijinja::{Environment, Error, State, Value};

use super::{defined, metered};
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
    args.iter().try_for_each(|arg| defined(state, Some(arg)))?;
    let text = percent(text, &args, room(state))?;
    charge(state, text.len())?;
    Ok(text)
}

fn percent(text: &str, args: &[Value], most: usize) -> Result<String, Error> {
    widths(text, args)?;
    let (text, args) = representations(text, args, most)?;
    let args = printed(&args, most)?;
    format(FormatStyle::Printf, &text, &args)
}

/// Python's `%r`, which the engine lacks: `%s` of what the argument is written as.
fn representations(text: &str, args: &[Value], most: usize) -> Result<(String, Vec<Value>), Error> {
    let mut args = args.to_vec();
    let mut out = String::with_capacity(text.len());
    let mut next = 0;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        out.push(c);
        if c != '%' {
            continue;
        }
        for c in chars.by_ref() {
            next += usize::from(c == '*');
            if !c.is_ascii_alphabetic() && c != '%' {
                out.push(c);
                // A named placeholder has its name in brackets, which may hold any letter.
                if c == '(' {
                    break;
                }
                continue;
            }
            let as_written = c == 'r' || c == 'a';
            out.push(if as_written { 's' } else { c });
            if as_written && let Some(arg) = args.get_mut(next) {
                *arg = Value::from(python::repr(arg, most)?);
            }
            next += usize::from(c != '%');
            break;
        }
    }
    Ok((out, args))
}

/// Python's `str.format`.
pub(crate) fn braces(text: &str, args: &[Value], most: usize) -> Result<String, Error> {
    widths(text, args)?;
    python_sizes(args, most)?;
    let (text, args) = conversions(text, args, most)?;
    format(FormatStyle::StrFormat, &text, &args)
}

/// Python's `{0!r}` and `{!s}`, which the engine lacks: the text of an argument takes its place.
fn conversions(text: &str, args: &[Value], most: usize) -> Result<(String, Vec<Value>), Error> {
    let mut args = args.to_vec();
    let mut out = text.to_owned();
    for (mark, written) in [("!r", true), ("!s", false)] {
        while let Some(at) = out.find(mark) {
            let open = out[..at].rfind('{').ok_or_else(|| failed("`!` stands outside of a placeholder"))?;
            let auto = out[..open].replace("{{", "").matches('{').count();
            let name = out[open + 1..at].to_owned();
            let index = if name.is_empty() { Some(auto) } else { name.parse().ok() };
            let value = match index {
                Some(index) => args.get(index).cloned(),
                None => {
                    args.last().filter(|last| last.is_kwargs()).and_then(|last| last.get_attr(&name).ok())
                }
            };
            let value = value.ok_or_else(|| failed(format!("there is no argument `{name}`")))?;
            let shown = if written { python::repr(&value, most)? } else { python::text(&value, most)? };
            if out[at + mark.len()..].starts_with(':') || name.is_empty() {
                return Err(failed("`!r` and `!s` are accepted only in placeholders such as `{0!r}`"));
            }
            let close = at + out[at..].find('}').ok_or_else(|| failed("a placeholder does not end"))?;
            let count = args.len() - usize::from(args.last().is_some_and(Value::is_kwargs));
            args.insert(count, Value::from(shown));
            out.replace_range(open..=close, &format!("{{{count}}}"));
        }
    }
    Ok((out, args))
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
