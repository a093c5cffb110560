//! StackStorm's filters on regular expressions, in Python's notation, on an engine that cannot run away.

use fancy_regex::{Regex, RegexBuilder};
use minijinja::value::{Kwargs, Rest, Tuple, ValueOrKwargs, from_args};
use minijinja::{Environment, Error, State, Value};

use super::metered;
use super::text::too_large;
use crate::template::limits::{charge, failed, room};
use crate::template::python;

type Captures<'t> = fancy_regex::Captures<'t, str>;

/// Steps of the backtracking engine, which only look-around and back-references need.
const STEPS: usize = 200_000;

/// Bytes of a compiled expression.
const COMPILED: usize = 2 * 1024 * 1024;

/// Adds the filters.
pub(super) fn add(env: &mut Environment<'static>) {
    metered(
        env,
        "regex_match",
        |value: &Value, pattern: String, ignorecase: Option<bool>, kwargs: Kwargs| {
            is_match(value, &format!(r"\A(?:{pattern})"), ignorecase, &kwargs)
        },
    );
    metered(
        env,
        "regex_search",
        |value: &Value, pattern: String, ignorecase: Option<bool>, kwargs: Kwargs| {
            is_match(value, &pattern, ignorecase, &kwargs)
        },
    );
    metered(env, "regex_replace", replace);
    metered(env, "regex_substring", substring);
}

fn is_match(value: &Value, pattern: &str, ignore: Option<bool>, kwargs: &Kwargs) -> Result<bool, Error> {
    let regex = compile(pattern, ignore, kwargs)?;
    regex.is_match(&python::text(value, usize::MAX)?).map_err(|error| ran_away(&error))
}

fn replace(
    state: &mut State<'_, '_>,
    value: &Value,
    pattern: String,
    replacement: String,
    options: Rest<ValueOrKwargs>,
) -> Result<String, Error> {
    let options = options.into_values();
    let (ignorecase, kwargs): (Option<bool>, Kwargs) = from_args(&options)?;
    let regex = compile(&pattern, ignorecase, &kwargs)?;
    let text = python::text(value, usize::MAX)?;
    let most = room(state);
    let mut out = String::new();
    let mut end = 0;
    for found in regex.captures_iter(text.as_str()) {
        let found = found.map_err(|error| ran_away(&error))?;
        let Some(whole) = found.get(0) else { continue };
        out.push_str(&text[end..whole.start()]);
        expand(&replacement, &found, &mut out);
        end = whole.end();
        if out.len() > most {
            return Err(too_large());
        }
    }
    out.push_str(&text[end..]);
    charge(state, out.len())?;
    Ok(out)
}

/// Puts groups into a replacement: `\1`, `\g<1>`, `\g<name>`, `\n`, `\t`, `\\`.
fn expand(replacement: &str, found: &Captures<'_>, out: &mut String) {
    let mut chars = replacement.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some(digit) if digit.is_ascii_digit() => {
                let mut number = digit.to_string();
                if let Some(second) = chars.next_if(char::is_ascii_digit) {
                    number.push(second);
                }
                out.push_str(group(found, &number));
            }
            Some('g') if chars.peek() == Some(&'<') => {
                let name: String = chars.by_ref().skip(1).take_while(|c| *c != '>').collect();
                out.push_str(group(found, &name));
            }
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some(other) if other.is_ascii_alphabetic() => out.extend(['\\', other]),
            Some(other) => out.push(other),
            None => out.push('\\'),
        }
    }
}

fn group<'t>(found: &Captures<'t>, name: &str) -> &'t str {
    let group = match name.parse() {
        Ok(number) => found.get(number),
        Err(_) => found.name(name),
    };
    group.map_or("", |group| group.as_str())
}

/// Python's `findall`, then one of its results.
fn substring(
    value: &Value,
    pattern: String,
    result_index: Option<i64>,
    ignorecase: Option<bool>,
    kwargs: Kwargs,
) -> Result<Value, Error> {
    let index = match result_index {
        Some(index) => index,
        None => kwargs.get::<Option<i64>>("result_index")?.unwrap_or(0),
    };
    let regex = compile(&pattern, ignorecase, &kwargs)?;
    let text = python::text(value, usize::MAX)?;
    let mut all = Vec::new();
    for found in regex.captures_iter(text.as_str()) {
        all.push(hit(&found.map_err(|error| ran_away(&error))?));
    }
    let count = i64::try_from(all.len()).unwrap_or(i64::MAX);
    let at = if index < 0 { count + index } else { index };
    let hit = usize::try_from(at).ok().and_then(|at| all.into_iter().nth(at));
    hit.ok_or_else(|| failed(format!("`{pattern}` matches {count} times: there is no result {index}")))
}

/// What `findall` gives for one match: the whole, the only group, or a tuple of all groups.
fn hit(found: &Captures<'_>) -> Value {
    let text = |at: usize| Value::from(found.get(at).map_or("", |group| group.as_str()));
    match found.len() {
        0 | 1 => text(0),
        2 => text(1),
        count => Value::from(Tuple::new((1..count).map(text).collect())),
    }
}

fn compile(pattern: &str, ignorecase: Option<bool>, kwargs: &Kwargs) -> Result<Regex, Error> {
    let ignore = match ignorecase {
        Some(ignore) => ignore,
        None => kwargs.get::<Option<bool>>("ignorecase")?.unwrap_or(false),
    };
    kwargs.assert_all_used()?;
    RegexBuilder::new(&pattern.replace(r"\Z", r"\z"))
        .case_insensitive(ignore)
        .backtrack_limit(STEPS)
        .delegate_size_limit(COMPILED)
        .build()
        .map_err(|error| failed(format!("`{pattern}` is not a regular expression: {error}")))
}

fn ran_away(error: &fancy_regex::Error) -> Error {
    failed(format!("the regular expression takes too long: {error}"))
}
