//! Functions of mappings. None changes its mapping: each gives a new one.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::call::Call;
use super::table::{Row, function, method};
use super::value::{Cause, Datum, boolean, entry, equal, items, key, kind, mapping, size, text};

/// The rows.
pub(super) const ROWS: &[Row] = &[
    function("dict", "* =>", dict),
    method("toDict", "keySelector valueSelector?", to_dict),
    method("get", "key default?", get),
    method("set", "* =>", set),
    method("keys", "", |call| listed(call, |key, _| text(key))),
    method("values", "", |call| listed(call, |_, value| Cow::Owned(value))),
    method("items", "", |call| {
        listed(call, |key, value| Cow::Owned(Value::Array(vec![Value::String(key), value])))
    }),
    method("containsKey", "key", |mut call| {
        let of = call.of();
        let Value::Object(map) = &*of else { return Err(no_mapping(&of)) };
        Ok(boolean(key(&*call.value(0)?).is_ok_and(|name| map.contains_key(&*name))))
    }),
    method("containsValue", "value", |mut call| {
        let of = call.of();
        let Value::Object(map) = &*of else { return Err(no_mapping(&of)) };
        call.evaluator.meter.charge(size(&of) / 8)?;
        let wanted = call.value(0)?;
        Ok(boolean(map.values().any(|value| equal(value, &wanted))))
    }),
    method("mergeWith", "another", merge_with),
];

fn no_mapping(value: &Value) -> Cause {
    format!("a mapping is needed, not {}", kind(value))
}

/// `dict(a => 1)`, `dict([[k, v]])`.
fn dict<'a>(call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let mut map = Map::new();
    pairs(&call, &mut map)?;
    for list in call.rest()? {
        for pair in items(list)? {
            let mut pair = items(pair)?;
            let (Some(value), Some(name), true) = (pair.pop(), pair.pop(), pair.is_empty()) else {
                return Err("a list of pairs is needed: `[[k, v]]`".to_owned());
            };
            map.insert(key(&name)?.into_owned(), call.evaluator.meter.own(value)?);
        }
    }
    Ok(Cow::Owned(Value::Object(map)))
}

/// Puts the pairs `k => v` of a call into a mapping.
fn pairs(call: &Call<'_, '_>, map: &mut Map<String, Value>) -> Result<(), Cause> {
    for (name, value) in call.pairs() {
        let name = key(&*call.here(name)?)?.into_owned();
        map.insert(name, call.evaluator.meter.own(call.here(value)?)?);
    }
    Ok(())
}

fn to_dict<'a>(mut call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let mut map = Map::new();
    for item in call.items_of()? {
        let name = key(&*call.each(0, &item)?)?.into_owned();
        let value = if call.has(1) { call.apply(1, vec![item])? } else { item };
        map.insert(name, call.evaluator.meter.own(value)?);
    }
    Ok(Cow::Owned(Value::Object(map)))
}

fn get<'a>(mut call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let of = call.of();
    if !of.is_object() {
        return Err(no_mapping(&of));
    }
    let name = call.value(0)?;
    let found = key(&name).ok().and_then(|name| entry(of, &name));
    found.map_or_else(|| call.value(1), Ok)
}

/// `d.set(k, v)`, `d.set({k => v})`, `d.set(k => v)`.
fn set<'a>(mut call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let of = call.of();
    if !of.is_object() {
        return Err(no_mapping(&of));
    }
    let mut map = mapping(Cow::Owned(call.evaluator.meter.own(of)?))?;
    let mut given = call.rest()?.into_iter();
    match (given.next(), given.next(), given.next()) {
        (Some(name), Some(value), None) => {
            map.insert(key(&name)?.into_owned(), call.evaluator.meter.own(value)?);
        }
        (Some(more), None, _) => map.extend(mapping(Cow::Owned(call.evaluator.meter.own(more)?))?),
        (None, ..) => {}
        _ => return Err("write `d.set(k, v)`, or `d.set(k => v)`".to_owned()),
    }
    pairs(&call, &mut map)?;
    Ok(Cow::Owned(Value::Object(map)))
}

/// A list made of each entry, in their order.
fn listed<'a>(mut call: Call<'_, 'a>, make: fn(String, Value) -> Datum<'a>) -> Result<Datum<'a>, Cause> {
    let of = call.of();
    if !of.is_object() {
        return Err(no_mapping(&of));
    }
    let map = mapping(Cow::Owned(call.evaluator.meter.own(of)?))?;
    call.evaluator.meter.list(map.into_iter().map(|(key, value)| make(key, value)).collect())
}

/// Deep: mappings are merged, lists joined without doubles, of all else the other's value is taken.
fn merge_with<'a>(mut call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let (of, other) = (call.of(), call.value(0)?);
    if !of.is_object() || !other.is_object() {
        return Err(no_mapping(if of.is_object() { &other } else { &of }));
    }
    let meter = &call.evaluator.meter;
    let (mut into, from) = (meter.own(of)?, meter.own(other)?);
    meter.charge(size(&into).saturating_mul(size(&from)) / 256)?;
    merge(&mut into, from)?;
    Ok(Cow::Owned(into))
}

fn merge(into: &mut Value, from: Value) -> Result<(), Cause> {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                match into.get_mut(&key) {
                    Some(known) => merge(known, value).map_err(|why| format!("`{key}`: {why}"))?,
                    None => drop(into.insert(key, value)),
                }
            }
        }
        (Value::Array(into), Value::Array(from)) => {
            let mut all: Vec<Value> = Vec::new();
            for item in into.drain(..).chain(from) {
                if !all.iter().any(|known| equal(known, &item)) {
                    all.push(item);
                }
            }
            *into = all;
        }
        (into @ Value::Object(_), from) | (into, from @ Value::Object(_)) => {
            return Err(format!("{} cannot be merged with {}", kind(into), kind(&from)));
        }
        (into, from) => *into = from,
    }
    Ok(())
}
