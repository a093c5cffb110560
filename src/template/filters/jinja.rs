//! Jinja's filters on values that MiniJinja has with fewer arguments, and `use_none`.

use minijinja::value::{Kwargs, Rest, ValueKind};
use minijinja::{Environment, Error, State, UndefinedBehavior, Value, filters as builtin};

use super::args::{flag, given, words};
use super::metered;
use crate::template::limits::failed;
use crate::template::python;

/// What StackStorm's casts read as None.
const NONE: &str = "%*****__%NONE%__*****%";

/// Adds the filters.
pub(super) fn add(env: &mut Environment<'static>) {
    metered(env, "first", first);
    metered(env, "last", last);
    metered(env, "length", length);
    metered(env, "count", length);
    metered(env, "default", default);
    metered(env, "d", default);
    metered(env, "float", float);
    metered(env, "int", int);
    metered(env, "dictsort", dictsort);
    metered(env, "urlencode", urlencode);
    env.add_filter("use_none", use_none);
}

/// StackStorm's way to keep None through a text: a word that casting turns back.
fn use_none(value: Value) -> Value {
    if value.is_none() || value.is_undefined() { Value::from(NONE) } else { value }
}

/// Lenient: nothing of a missing value is missing too.
fn first(value: &Value) -> Result<Value, Error> {
    if value.is_undefined() { Ok(Value::UNDEFINED) } else { builtin::first(value) }
}

fn last(value: Value) -> Result<Value, Error> {
    if value.is_undefined() { Ok(Value::UNDEFINED) } else { builtin::last(value) }
}

/// Lenient: a missing value has no items.
fn length(state: &mut State<'_, '_>, value: &Value) -> Result<usize, Error> {
    match value.is_undefined() && state.undefined_behavior() == UndefinedBehavior::Lenient {
        true => Ok(0),
        false => builtin::length(value),
    }
}

/// `default(default_value='', boolean=False)`.
fn default(value: &Value, args: Rest<Value>, kwargs: Kwargs) -> Result<Value, Error> {
    let other = match args.first() {
        Some(other) => other.clone(),
        None => kwargs.get::<Option<Value>>("default_value")?.unwrap_or_else(|| Value::from("")),
    };
    let boolean = flag(&args, 1, &kwargs, "boolean")?.unwrap_or(false);
    kwargs.assert_all_used()?;
    let missing = value.is_undefined() || (boolean && !value.is_true());
    Ok(if missing { other } else { value.clone() })
}

/// `float(default=0.0)`.
fn float(value: &Value, args: Rest<Value>, kwargs: Kwargs) -> Result<Value, Error> {
    let read = match value.as_str() {
        Some(text) => text.trim().replace('_', "").parse().ok(),
        None if value.kind() == ValueKind::Bool => Some(f64::from(u8::from(value.is_true()))),
        None => f64::try_from(value.clone()).ok(),
    };
    let other = given(&args, 0, &kwargs, "default")?;
    kwargs.assert_all_used()?;
    Ok(read.map(Value::from).or(other).unwrap_or_else(|| Value::from(0.0)))
}

/// `int(default=0, base=10)`: what is no number gives the default. A fraction is cut off.
fn int(value: &Value, args: Rest<Value>, kwargs: Kwargs) -> Result<Value, Error> {
    let other = given(&args, 0, &kwargs, "default")?.unwrap_or_else(|| Value::from(0));
    let base = given(&args, 1, &kwargs, "base")?.and_then(|base| u32::try_from(base).ok()).unwrap_or(10);
    kwargs.assert_all_used()?;
    let whole = |number: f64| number.is_finite().then(|| Value::from(number.trunc() as i128));
    let read = match value.as_str() {
        Some(text) => whole_in(text, base)
            .map(Value::from)
            .or_else(|| text.trim().replace('_', "").parse().ok().and_then(whole)),
        None if value.kind() == ValueKind::Bool => Some(Value::from(i32::from(value.is_true()))),
        None if value.is_integer() => Some(value.clone()),
        None => f64::try_from(value.clone()).ok().and_then(whole),
    };
    Ok(read.unwrap_or(other))
}

/// Digits with their sign, as Python reads them: `0x`, `0o` and `0b` where the base is theirs.
fn whole_in(text: &str, base: u32) -> Option<i128> {
    let text = text.trim().replace('_', "").to_ascii_lowercase();
    let (sign, digits) =
        text.strip_prefix('-').map_or(("", text.trim_start_matches('+')), |rest| ("-", rest));
    let prefix = [(16, "0x"), (8, "0o"), (2, "0b")].into_iter().find(|(of, _)| *of == base);
    let digits = prefix.and_then(|(_, prefix)| digits.strip_prefix(prefix)).unwrap_or(digits);
    if !(2..=36).contains(&base) || digits.starts_with(['+', '-']) {
        return None;
    }
    i128::from_str_radix(&format!("{sign}{digits}"), base).ok()
}

/// `dictsort(case_sensitive=False, by='key', reverse=False)`.
fn dictsort(value: &Value, args: Rest<Value>, kwargs: Kwargs) -> Result<Value, Error> {
    let case_sensitive = flag(&args, 0, &kwargs, "case_sensitive")?.unwrap_or(false);
    let by = words(&args, 1, &kwargs, "by")?.unwrap_or_else(|| "key".to_owned());
    let reverse = flag(&args, 2, &kwargs, "reverse")?.unwrap_or(false);
    kwargs.assert_all_used()?;
    let options = [
        ("case_sensitive", Value::from(case_sensitive)),
        ("by", Value::from(by)),
        ("reverse", Value::from(reverse)),
    ];
    builtin::dictsort(value, options.into_iter().collect())
}

/// Text, a mapping, or a list of pairs.
fn urlencode(value: &Value) -> Result<String, Error> {
    let pairs: Vec<(Value, Value)> = match value.kind() {
        ValueKind::Map => {
            let pair = |key: Value| Ok((key.clone(), value.get_item(&key)?));
            value.try_iter()?.map(pair).collect::<Result<_, Error>>()?
        }
        ValueKind::Seq | ValueKind::Iterable => {
            let pair = |item: Value| Ok((item.get_item_by_index(0)?, item.get_item_by_index(1)?));
            value.try_iter()?.map(pair).collect::<Result<_, Error>>()?
        }
        _ => return Ok(quote(&python::text(value, usize::MAX)?, "/")),
    };
    let form = |value: &Value| -> Result<String, Error> {
        Ok(quote(&python::text(value, usize::MAX)?, "").replace("%20", "+"))
    };
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(key, value)| Ok(format!("{}={}", form(key)?, form(value)?)))
        .collect::<Result<_, Error>>()
        .map_err(|_| failed("`urlencode` needs text, a mapping or a list of pairs"))?;
    Ok(pairs.join("&"))
}

fn quote(text: &str, safe: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'.' | b'-' | b'~' => out.push(char::from(byte)),
            byte if safe.as_bytes().contains(&byte) => out.push(char::from(byte)),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
