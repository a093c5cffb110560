//! Lists with items put in, taken out or replaced; sets, which are lists without doubles here.

use super::call::Call;
use super::lists::replace_text;
use super::queries::lists;
use super::steps::Use;
use super::table::{Row, both, function, method};
use super::value::{Cause, Datum, equal, items, key, mapping};
use serde_json::Value;
use std::borrow::Cow;

/// The rows.
pub(super) const ROWS: &[Row] = &[
    method("insert", "position value", insert),
    method("insertMany", "position values", insert),
    method("replace", "old new? count?", replace),
    method("replaceMany", "position values count?", replace_many),
    method("delete", "*", delete),
    method("deleteAll", "keys", delete_all),
    method("slice", "length", slice),
    method("splitAt", "index", split_at),
    method("defaultIfEmpty", "default", default_if_empty),
    function("set", "*", set),
    method("toSet", "", |mut call| call.items_of().and_then(|all| unique(&call, all))),
    method("union", "right", |mut call| {
        let mut all = call.items_of()?;
        all.extend(items(call.value(0)?)?);
        unique(&call, all)
    }),
    method("intersect", "right", |call| sifted(call, true)),
    method("difference", "right", |call| sifted(call, false)),
    both("repeat", "times", repeat),
];

fn insert<'a>(mut call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let mut all = call.items_of()?;
    let at = call.size(0, 0)?.min(all.len());
    let added = call.value(1)?;
    let added = if call.name == "insertMany" { items(added)? } else { vec![added] };
    all.splice(at..at, added);
    call.evaluator.meter.list(all)
}

/// `text.replace(old, new, count)`, `text.replace({old => new})`, `list.replace(position, value, count)`.
fn replace<'a>(mut call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let of = call.of();
    if let Value::String(whole) = &*of {
        return replace_text(&call, whole);
    }
    let value = call.optional(1)?.ok_or("what is put in is missing: write `l.replace(0, x)`")?;
    replaced(&call, items(of)?, vec![value])
}

fn replace_many<'a>(mut call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let all = call.items_of()?;
    let values = items(call.value(1)?)?;
    replaced(&call, all, values)
}

fn replaced<'a>(
    call: &Call<'_, 'a>,
    mut all: Vec<Datum<'a>>,
    by: Vec<Datum<'a>>,
) -> Result<Datum<'a>, Cause> {
    let range = part(call.whole(0, 0)?, call.whole(2, 1)?, all.len());
    if !range.is_empty() {
        all.splice(range, by);
    }
    call.evaluator.meter.list(all)
}

/// The places `at..at + count` of a list, as far as they are there; a count below zero means all that follow.
fn part(at: i64, count: i64, length: usize) -> std::ops::Range<usize> {
    let place = |at: i64| usize::try_from(at.max(0)).unwrap_or(usize::MAX).min(length);
    let end = if count < 0 { length } else { place(at.saturating_add(count)) };
    place(at)..end.max(place(at))
}

/// A list without doubles. Lists cannot be members of a set; the items of what is made step by step are.
fn set<'a>(call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let mut all = Vec::new();
    for (value, node) in call.rest()?.into_iter().zip(call.rest_nodes()) {
        if !value.is_array() {
            all.push(value);
            continue;
        }
        match node {
            Some(node) if call.walks(node, Use::Listed)? => all.extend(items(value)?),
            _ => return Err("a list cannot be a member of a set: write `l.toSet()`".to_owned()),
        }
    }
    unique(&call, all)
}

/// `list.delete(position, count)`, `mapping.delete(key, ...)`.
fn delete<'a>(mut call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let of = call.of();
    if of.is_object() {
        let keys = call.rest()?;
        return without(&call, of, keys);
    }
    let mut all = items(of)?;
    let number = |index: usize, default: Option<i64>| match index < call.more() {
        true => call.nth(index)?.as_i64().ok_or_else(|| "a place or a count is needed".to_owned()),
        false => default.ok_or_else(|| "the place is missing: write `l.delete(0)`".to_owned()),
    };
    all.drain(part(number(0, None)?, number(1, Some(1))?, all.len()));
    call.evaluator.meter.list(all)
}

fn delete_all<'a>(mut call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let of = call.of();
    let keys = items(call.value(0)?)?;
    without(&call, of, keys)
}

fn without<'a>(call: &Call<'_, 'a>, of: Datum<'a>, keys: Vec<Datum<'a>>) -> Result<Datum<'a>, Cause> {
    let mut map = mapping(Cow::Owned(call.evaluator.meter.own(of)?))?;
    for name in keys {
        map.shift_remove(&*key(&name)?);
    }
    Ok(Cow::Owned(Value::Object(map)))
}

fn slice<'a>(mut call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let length = call.size(0, 0)?;
    if length == 0 {
        return Err("a slice has at least one item".to_owned());
    }
    let all = call.items_of()?;
    let parts = all.chunks(length).map(<[_]>::to_vec).collect();
    lists(&call, parts)
}

fn split_at<'a>(mut call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let mut first = call.items_of()?;
    let second = first.split_off(call.size(0, 0)?.min(first.len()));
    lists(&call, vec![first, second])
}

fn default_if_empty<'a>(mut call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let all = call.items_of()?;
    if all.is_empty() { call.value(0) } else { call.evaluator.meter.list(all) }
}

fn unique<'a>(call: &Call<'_, 'a>, all: Vec<Datum<'a>>) -> Result<Datum<'a>, Cause> {
    let mut kept: Vec<Datum<'a>> = Vec::new();
    for item in all {
        call.evaluator.meter.charge(kept.len() as u64)?;
        if !kept.iter().any(|known| equal(known, &item)) {
            kept.push(item);
        }
    }
    call.evaluator.meter.list(kept)
}

fn sifted<'a>(mut call: Call<'_, 'a>, wanted: bool) -> Result<Datum<'a>, Cause> {
    let all = call.items_of()?;
    let other = items(call.value(0)?)?;
    call.evaluator.meter.charge((all.len() * other.len()) as u64)?;
    let kept = all.into_iter().filter(|item| other.iter().any(|known| equal(known, item)) == wanted);
    let kept = kept.collect();
    unique(&call, kept)
}

fn repeat<'a>(mut call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let of = call.of();
    let times = call.size(0, 0)?;
    call.evaluator.meter.make(super::value::size(&of).saturating_mul(times as u64))?;
    call.evaluator.meter.list(vec![of; times])
}
