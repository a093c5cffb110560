//! Methods of texts. Places and lengths are counted in characters.

use super::call::Call;
use super::choices::written;
use super::helpers;
use super::table::{Row, both, function, method};
use super::value::{Cause, Datum, NULL, boolean, text};
use serde_json::Value;

/// The rows.
pub(super) const ROWS: &[Row] = &[
    method("toUpper", "", |mut call| Ok(text(call.text_of()?.to_uppercase()))),
    method("toLower", "", |mut call| Ok(text(call.text_of()?.to_lowercase()))),
    method("trim", "chars?", |call| trimmed(call, Edges::Both)),
    method("trimLeft", "chars?", |call| trimmed(call, Edges::Left)),
    method("trimRight", "chars?", |call| trimmed(call, Edges::Right)),
    both("norm", "chars?", norm),
    both("isEmpty", "trim? chars?", is_empty),
    method("split", "separator? maxSplits?", |call| split(call, Edges::Left)),
    method("rightSplit", "separator? maxSplits?", |call| split(call, Edges::Right)),
    method("replaceBy", "regexp repl count?", |_| Err("write `regex_replace(text, pattern, by)`".to_owned())),
    method("substring", "start length?", substring),
    method("toCharArray", "", chars),
    method("startsWith", "*", |call| ends(call, |text, end| text.starts_with(end))),
    method("endsWith", "*", |call| ends(call, |text, end| text.ends_with(end))),
    method("matches", "regexp", matches),
    function("hex", "num", |call| {
        let number = call.whole(0, 0)?;
        let sign = if number < 0 { "-" } else { "" };
        Ok(text(format!("{sign}{:#x}", number.unsigned_abs())))
    }),
    function("characters", CLASSES, characters),
];

/// Which ends of a text are meant.
#[derive(Clone, Copy, PartialEq)]
enum Edges {
    Left,
    Right,
    Both,
}

fn cut<'t>(text: &'t str, chars: Option<&str>, edges: Edges) -> &'t str {
    let strip = |c: char| chars.map_or_else(|| c.is_whitespace(), |chars| chars.contains(c));
    match edges {
        Edges::Left => text.trim_start_matches(strip),
        Edges::Right => text.trim_end_matches(strip),
        Edges::Both => text.trim_matches(strip),
    }
}

fn trimmed<'a>(mut call: Call<'_, 'a>, edges: Edges) -> Result<Datum<'a>, Cause> {
    let whole = call.text_of()?;
    Ok(text(cut(&whole, call.optional_text(0)?.as_deref(), edges)))
}

/// The text without blanks at its ends; null if nothing is left.
fn norm<'a>(mut call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let of = call.of();
    let Some(whole) = of.as_str() else { return Ok(NULL) };
    let left = cut(whole, call.optional_text(0)?.as_deref(), Edges::Both);
    Ok(if left.is_empty() { NULL } else { text(left) })
}

/// Whether nothing is in it; blanks do not count unless `trim` is false.
fn is_empty<'a>(mut call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let trims = call.optional(0)?.is_none_or(|trims| super::value::truth(&trims));
    let chars = call.optional_text(1)?;
    Ok(boolean(match &*call.of() {
        Value::Null => true,
        Value::String(whole) if trims => cut(whole, chars.as_deref(), Edges::Both).is_empty(),
        Value::String(whole) => whole.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        other => return Err(format!("{} is neither empty nor full", super::value::kind(other))),
    }))
}

/// Pieces between separators, or between blanks; at most `maxSplits` cuts.
fn split<'a>(mut call: Call<'_, 'a>, from: Edges) -> Result<Datum<'a>, Cause> {
    let whole = call.text_of()?;
    let separator = call.optional_text(0)?;
    let most = usize::try_from(call.whole(1, -1)?).map_or(usize::MAX, |most| most.saturating_add(1));
    let mut parts: Vec<&str> = match separator.as_deref() {
        Some("") => return Err("an empty text separates nothing".to_owned()),
        Some(separator) if from == Edges::Right => whole.rsplitn(most, separator).collect(),
        Some(separator) => whole.splitn(most, separator).collect(),
        None if from == Edges::Right => blanks_from_right(&whole, most),
        None => blanks(&whole, most),
    };
    if from == Edges::Right {
        parts.reverse();
    }
    call.evaluator.meter.list(parts.into_iter().map(text).collect())
}

fn blanks(whole: &str, most: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = whole.trim_start();
    while !rest.is_empty() {
        let end = if parts.len() + 1 >= most { None } else { rest.find(char::is_whitespace) };
        parts.push(end.map_or(rest, |end| &rest[..end]));
        rest = end.map_or("", |end| rest[end..].trim_start());
    }
    parts
}

fn blanks_from_right(whole: &str, most: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = whole.trim_end();
    while !rest.is_empty() {
        let blank = if parts.len() + 1 >= most {
            None
        } else {
            rest.char_indices().rfind(|(_, c)| c.is_whitespace())
        };
        parts.push(blank.map_or(rest, |(at, c)| &rest[at + c.len_utf8()..]));
        rest = blank.map_or("", |(at, _)| rest[..at].trim_end());
    }
    parts
}

/// From a place, counted from the end if negative; without a length, or with one below zero, to the end.
fn substring<'a>(mut call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let whole = call.text_of()?;
    let (start, length) = (call.whole(0, 0)?, call.whole(1, -1)?);
    let all = i64::try_from(whole.chars().count()).unwrap_or(i64::MAX);
    let length = if length < 0 { all } else { length };
    let start = if start < 0 { start.saturating_add(all) } else { start };
    // Python's slice: what is still below zero counts from the end once more.
    let place = |at: i64| usize::try_from(if at < 0 { (at + all).max(0) } else { at }).unwrap_or(usize::MAX);
    let (from, to) = (place(start), place(start.saturating_add(length)));
    Ok(text(whole.chars().skip(from).take(to.saturating_sub(from)).collect::<String>()))
}

fn chars<'a>(mut call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let whole = call.text_of()?;
    call.evaluator.meter.make(16 * whole.len() as u64)?;
    call.evaluator.meter.list(whole.chars().map(text).collect())
}

fn ends<'a>(mut call: Call<'_, 'a>, fits: fn(&str, &str) -> bool) -> Result<Datum<'a>, Cause> {
    let whole = call.text_of()?;
    for end in call.rest()? {
        let end = end.as_str().ok_or("a text is needed")?;
        if fits(&whole, end) {
            return Ok(boolean(true));
        }
    }
    Ok(boolean(false))
}

fn matches<'a>(mut call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let of = call.of();
    let pattern = call.value(0)?;
    helpers::search(call.evaluator, &of, &pattern).map(boolean)
}

/// Where a text first, or last, occurs in another, counted in characters; -1 if it does not.
pub(super) fn position(whole: &str, part: &str, from: usize, length: Option<usize>, last: bool) -> i64 {
    let byte = |at: usize| whole.char_indices().nth(at).map_or(whole.len(), |(byte, _)| byte);
    let start = byte(from);
    let end = length.map_or(whole.len(), |length| byte(from.saturating_add(length)));
    let window = &whole[start..end.max(start)];
    let found = if last { window.rfind(part) } else { window.find(part) };
    found.map_or(-1, |at| i64::try_from(whole[..start + at].chars().count()).unwrap_or(i64::MAX))
}

/// Replaces texts, at most `count` of each if it is not negative.
pub(super) fn replaced(
    call: &Call<'_, '_>,
    whole: &str,
    old: &str,
    new: &str,
    count: i64,
) -> Result<String, Cause> {
    let most = usize::try_from(count).unwrap_or(usize::MAX);
    let found = whole.matches(old).take(most).count();
    call.evaluator.meter.make((whole.len() + found.saturating_mul(new.len())) as u64)?;
    Ok(whole.replacen(old, new, most))
}

/// The items of a list as one text.
pub(super) fn joined<'a>(
    call: &Call<'_, 'a>,
    parts: &[Datum<'a>],
    between: &str,
) -> Result<Datum<'a>, Cause> {
    let mut out = String::new();
    for (index, part) in parts.iter().enumerate() {
        let part = written(part)?;
        call.evaluator.meter.make((out.len() + part.len() + between.len()) as u64 / 8)?;
        if index > 0 {
            out.push_str(between);
        }
        out.push_str(&part);
    }
    call.evaluator.meter.make(out.len() as u64)?;
    Ok(text(out))
}

/// Python's classes of characters, in the order of [`CLASSES`].
const CLASSES: &str = "digits? hexdigits? asciiLowercase? asciiUppercase? asciiLetters? letters? octdigits? punctuation? printable? lowercase? uppercase? whitespace?";

/// Every ASCII character of the classes that are asked for, each once.
fn characters<'a>(call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let classes: [fn(char) -> bool; 12] = [
        |c| c.is_ascii_digit(),
        |c| c.is_ascii_hexdigit(),
        |c| c.is_ascii_lowercase(),
        |c| c.is_ascii_uppercase(),
        |c| c.is_ascii_alphabetic(),
        |c| c.is_ascii_alphabetic(),
        |c| ('0'..='7').contains(&c),
        |c| c.is_ascii_punctuation(),
        |c| c.is_ascii_graphic() || " \t\n\r\u{b}\u{c}".contains(c),
        |c| c.is_ascii_lowercase(),
        |c| c.is_ascii_uppercase(),
        |c| " \t\n\r\u{b}\u{c}".contains(c),
    ];
    let mut wanted = Vec::new();
    for (index, class) in classes.into_iter().enumerate() {
        if super::value::truth(&*call.value(index)?) {
            wanted.push(class);
        }
    }
    let all = (0..128u8).map(char::from).filter(|c| wanted.iter().any(|class| class(*c)));
    call.evaluator.meter.list(all.map(text).collect())
}
