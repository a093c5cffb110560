//! Methods of Python's strings, lists and mappings that templates call.

use minijinja::value::{ValueKind, from_args};
use minijinja::{Error, ErrorKind, State, Value};
use minijinja_contrib::pycompat::unknown_method_callback;

use super::filters::{format, text};
use super::limits::{charge, cost, failed, room};
use super::{globals, python};

/// Calls `method` of `value`.
pub(super) fn call(
    state: &mut State<'_, '_>,
    value: &Value,
    method: &str,
    args: &[Value],
) -> Result<Value, Error> {
    charge(state, cost(args) + value.len().unwrap_or(0))?;
    let own = match value.kind() {
        ValueKind::String => string(state, value.as_str().unwrap_or_default(), method, args)?,
        ValueKind::Map => map(state, value, method, args)?,
        ValueKind::Seq | ValueKind::Iterable => list(value, method, args)?,
        _ => None,
    };
    let called = match own {
        Some(own) => Ok(own),
        None => unknown_method_callback(state, value, method, args),
    };
    called.map_err(|error| match error.kind() {
        ErrorKind::UnknownMethod => {
            Error::new(ErrorKind::UnknownMethod, format!("a {} has no method `{method}`", value.kind()))
        }
        _ => error,
    })
}

fn string(
    state: &mut State<'_, '_>,
    text: &str,
    method: &str,
    args: &[Value],
) -> Result<Option<Value>, Error> {
    let most = room(state);
    let done = match method {
        "center" | "ljust" | "rjust" => {
            let (width, fill): (usize, Option<char>) = from_args(args)?;
            Value::from(text::justify(text, width, fill.unwrap_or(' '), text::Side::of(method), most)?)
        }
        "zfill" => {
            let (width,): (usize,) = from_args(args)?;
            let (sign, digits) = text.split_at(usize::from(text.starts_with(['+', '-'])));
            let width = width.saturating_sub(sign.len());
            Value::from(format!("{sign}{}", text::justify(digits, width, '0', text::Side::Left, most)?))
        }
        "replace" => {
            let (old, new, count): (&str, &str, Option<i64>) = from_args(args)?;
            Value::from(text::replace_in(text, old, new, count, most)?)
        }
        "join" => {
            let (items,): (&Value,) = from_args(args)?;
            Value::from(text::join_with(items, text, most)?)
        }
        "format" => Value::from(format::braces(text, args, most)?),
        "rsplit" => {
            let (separator, most): (Option<&str>, Option<i64>) = from_args(args)?;
            rsplit(text, separator, most)
        }
        "partition" | "rpartition" => {
            let (separator,): (&str,) = from_args(args)?;
            partition(text, separator, method == "partition")
        }
        "title" => Value::from(titled(text)),
        "swapcase" => Value::from(text.chars().map(swapped).collect::<String>()),
        "casefold" => Value::from(text.to_lowercase()),
        "isdecimal" => Value::from(!text.is_empty() && text.chars().all(|c| c.is_ascii_digit())),
        "removeprefix" => {
            let (prefix,): (&str,) = from_args(args)?;
            Value::from(text.strip_prefix(prefix).unwrap_or(text))
        }
        "removesuffix" => {
            let (suffix,): (&str,) = from_args(args)?;
            Value::from(text.strip_suffix(suffix).unwrap_or(text))
        }
        "index" => {
            let (what,): (&str,) = from_args(args)?;
            let at = text.find(what).ok_or_else(|| failed("the text does not hold what is looked for"))?;
            Value::from(text[..at].chars().count())
        }
        "expandtabs" => {
            let (size,): (Option<usize>,) = from_args(args)?;
            Value::from(text::expand_tabs(text, size.unwrap_or(8), most)?)
        }
        "encode" | "decode" => Value::from(text),
        _ => return Ok(None),
    };
    Ok(Some(done))
}

/// A capital behind everything that is no letter, small letters behind letters.
fn titled(text: &str) -> String {
    let mut inside = false;
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if inside {
            out.extend(c.to_lowercase());
        } else {
            out.extend(c.to_uppercase());
        }
        inside = c.is_alphabetic();
    }
    out
}

fn swapped(c: char) -> char {
    let other = if c.is_uppercase() { c.to_lowercase().next() } else { c.to_uppercase().next() };
    other.unwrap_or(c)
}

fn rsplit(text: &str, separator: Option<&str>, most: Option<i64>) -> Value {
    let parts = usize::try_from(most.unwrap_or(-1)).map_or(usize::MAX, |most| most.saturating_add(1));
    let mut found: Vec<&str> = match separator.filter(|separator| !separator.is_empty()) {
        Some(separator) => text.rsplitn(parts, separator).collect(),
        None => text.trim().rsplitn(parts, char::is_whitespace).map(str::trim).collect(),
    };
    if separator.is_none() {
        found.retain(|part| !part.is_empty());
    }
    found.into_iter().rev().map(Value::from).collect()
}

fn partition(text: &str, separator: &str, first: bool) -> Value {
    let found = if first { text.split_once(separator) } else { text.rsplit_once(separator) };
    let parts = match found {
        Some((before, after)) => [before, separator, after],
        None if first => [text, "", ""],
        None => ["", "", text],
    };
    Value::from(minijinja::value::Tuple::new(parts.iter().map(|part| Value::from(*part)).collect()))
}

fn map(
    state: &mut State<'_, '_>,
    value: &Value,
    method: &str,
    args: &[Value],
) -> Result<Option<Value>, Error> {
    let name = match method {
        "iteritems" => "items",
        "iterkeys" => "keys",
        "itervalues" => "values",
        "has_key" => {
            let (key,): (&Value,) = from_args(args)?;
            return Ok(Some(Value::from(!value.get_item(key)?.is_undefined())));
        }
        "copy" => return Ok(Some(value.clone())),
        "update" | "pop" | "setdefault" | "clear" => return Err(fixed(method)),
        _ => return Ok(None),
    };
    unknown_method_callback(state, value, name, args).map(Some)
}

fn fixed(method: &str) -> Error {
    failed(format!("`{method}` cannot change a value here: use `set` or `namespace()`"))
}

fn list(value: &Value, method: &str, args: &[Value]) -> Result<Option<Value>, Error> {
    match method {
        "next" | "__next__" => globals::next(value, None).map(Some),
        "index" => {
            let (what,): (&Value,) = from_args(args)?;
            let at = value.try_iter()?.position(|item| item == *what);
            at.map(|at| Some(Value::from(at))).ok_or_else(|| {
                failed(format!("{} is not in the list", python::repr(what, 200).unwrap_or_default()))
            })
        }
        "copy" => Ok(Some(value.clone())),
        "append" | "extend" | "insert" | "remove" | "pop" | "clear" | "sort" | "reverse" => Err(failed(
            format!("`{method}` cannot change this: make a list of it first, as in `[] + values`"),
        )),
        _ => Ok(None),
    }
}
