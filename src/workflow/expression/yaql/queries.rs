//! Methods of lists that take an expression in which `$` is the item.

use std::cmp::Ordering;

use super::call::Call;
use super::table::{Row, both, function, method};
use super::value::{Cause, Datum, boolean, compare, equal, items, truth};

/// The rows.
pub(super) const ROWS: &[Row] = &[
    method("where", "predicate", filter),
    method("filter", "predicate", filter),
    method("select", "selector", select),
    method("map", "selector", select),
    method("selectMany", "selector", select_many),
    both("any", "predicate?", any),
    both("all", "predicate?", all),
    method("takeWhile", "predicate", take_while),
    method("skipWhile", "predicate", skip_while),
    method("indexWhere", "predicate", |call| index_where(call, |mut places| places.next())),
    method("lastIndexWhere", "predicate", |call| index_where(call, Iterator::last)),
    both("distinct", "keySelector?", distinct),
    method("orderBy", "selector", |call| order_by(call, |found| found)),
    method("orderByDescending", "selector", |call| order_by(call, Ordering::reverse)),
    method("groupBy", "keySelector valueSelector? aggregator?", group_by),
    method("aggregate", "selector seed?", |call| fold(call, false)),
    method("accumulate", "selector seed?", |call| fold(call, true)),
    method("splitWhere", "predicate", split_where),
    method("sliceWhere", "predicate", slice_where),
    function("generate", "initial predicate producer selector? decycle?", generate),
];

/// Each item with whether the lambda holds for it.
fn judged<'a>(call: &mut Call<'_, 'a>, index: usize) -> Result<Vec<(Datum<'a>, bool)>, Cause> {
    let all = call.items_of()?;
    all.into_iter()
        .map(|item| Ok((truth(&*call.each(index, &item)?), item)))
        .map(|judged| judged.map(|(holds, item)| (item, holds)))
        .collect()
}

fn filter<'a>(mut call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let kept = judged(&mut call, 0)?.into_iter().filter(|(_, holds)| *holds).map(|(item, _)| item).collect();
    call.evaluator.meter.list(kept)
}

fn select<'a>(mut call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let all = call.items_of()?.into_iter().map(|item| call.apply(0, vec![item]));
    let all = all.collect::<Result<_, _>>()?;
    call.evaluator.meter.list(all)
}

fn select_many<'a>(mut call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let mut all = Vec::new();
    for item in call.items_of()? {
        let found = call.apply(0, vec![item])?;
        if found.is_array() {
            all.extend(items(found)?);
        } else {
            all.push(found);
        }
    }
    call.evaluator.meter.list(all)
}

fn holds<'a>(call: &Call<'_, 'a>, item: Datum<'a>) -> Result<bool, Cause> {
    if call.has(0) { Ok(truth(&*call.apply(0, vec![item])?)) } else { Ok(truth(&item)) }
}

/// Whether there is an item, or one for which the lambda holds.
fn any<'a>(mut call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    for item in call.items_of()? {
        if !call.has(0) || holds(&call, item)? {
            return Ok(boolean(true));
        }
    }
    Ok(boolean(false))
}

/// Whether every item is true, or the lambda holds for it.
fn all<'a>(mut call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    for item in call.items_of()? {
        if !holds(&call, item)? {
            return Ok(boolean(false));
        }
    }
    Ok(boolean(true))
}

fn take_while<'a>(mut call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let mut taken = Vec::new();
    for item in call.items_of()? {
        if !truth(&*call.each(0, &item)?) {
            break;
        }
        taken.push(item);
    }
    call.evaluator.meter.list(taken)
}

fn skip_while<'a>(mut call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let mut left = Vec::new();
    for item in call.items_of()? {
        if !left.is_empty() || !truth(&*call.each(0, &item)?) {
            left.push(item);
        }
    }
    call.evaluator.meter.list(left)
}

fn index_where<'a>(
    mut call: Call<'_, 'a>,
    pick: fn(std::vec::IntoIter<i64>) -> Option<i64>,
) -> Result<Datum<'a>, Cause> {
    let judged = judged(&mut call, 0)?;
    let places: Vec<i64> =
        judged.iter().zip(0..).filter(|((_, holds), _)| *holds).map(|(_, at)| at).collect();
    Ok(Datum::Owned(pick(places.into_iter()).unwrap_or(-1).into()))
}

/// Each item with what a lambda makes of it, or itself where there is none.
fn keyed<'a>(call: &Call<'_, 'a>, index: usize, item: &Datum<'a>) -> Result<Datum<'a>, Cause> {
    if call.has(index) { call.each(index, item) } else { call.evaluator.meter.again(item) }
}

fn distinct<'a>(mut call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let mut seen: Vec<Datum<'a>> = Vec::new();
    let mut kept = Vec::new();
    for item in call.items_of()? {
        let key = keyed(&call, 0, &item)?;
        call.evaluator.meter.charge(seen.len() as u64)?;
        if !seen.iter().any(|known| equal(known, &key)) {
            seen.push(key);
            kept.push(item);
        }
    }
    call.evaluator.meter.list(kept)
}

fn order_by<'a>(mut call: Call<'_, 'a>, turn: fn(Ordering) -> Ordering) -> Result<Datum<'a>, Cause> {
    let all = call.items_of()?;
    let mut keyed = Vec::with_capacity(all.len());
    for item in all {
        keyed.push((call.each(0, &item)?, item));
    }
    call.evaluator.meter.charge(16 * keyed.len() as u64)?;
    let mut wrong = None;
    keyed.sort_by(|(a, _), (b, _)| match compare(a, b) {
        Ok(found) => turn(found),
        Err(why) => {
            wrong.get_or_insert(why);
            Ordering::Equal
        }
    });
    match wrong {
        Some(why) => Err(why),
        None => call.evaluator.meter.list(keyed.into_iter().map(|(_, item)| item).collect()),
    }
}

/// Pairs of a key and the list of its values, in the order the keys occur.
fn group_by<'a>(mut call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let mut groups: Vec<(Datum<'a>, Vec<Datum<'a>>)> = Vec::new();
    for item in call.items_of()? {
        let (key, value) = (call.each(0, &item)?, keyed(&call, 1, &item)?);
        call.evaluator.meter.charge(groups.len() as u64)?;
        match groups.iter_mut().find(|(known, _)| equal(known, &key)) {
            Some((_, values)) => values.push(value),
            None => groups.push((key, vec![value])),
        }
    }
    let meter = &call.evaluator.meter;
    let pairs = groups.into_iter().map(|(key, values)| {
        let values = meter.list(values)?;
        if !call.has(2) {
            return meter.list(vec![key, values]);
        }
        match call.each(2, &values) {
            Ok(made) => meter.list(vec![key, made]),
            // Older expressions make the whole pair.
            Err(why) => call.apply(2, vec![meter.list(vec![key, values])?]).map_err(|_| why),
        }
    });
    meter.list(pairs.collect::<Result<_, _>>()?)
}

/// One value of two, again and again: `$1` is what there is so far, `$2` the item.
fn fold<'a>(mut call: Call<'_, 'a>, keep: bool) -> Result<Datum<'a>, Cause> {
    let meter = &call.evaluator.meter;
    let mut so_far = call.optional(1)?;
    let mut steps = Vec::new();
    if let Some(seed) = so_far.as_ref().filter(|_| keep) {
        steps.push(meter.again(seed)?);
    }
    for item in call.items_of()? {
        let next = match so_far {
            Some(before) => call.apply(0, vec![before, item])?,
            None => item,
        };
        if keep {
            steps.push(meter.again(&next)?);
        }
        so_far = Some(next);
    }
    match so_far {
        Some(_) if keep => meter.list(steps),
        Some(made) => Ok(made),
        None => Err("the list is empty".to_owned()),
    }
}

/// Lists of what stands between the items for which the lambda holds.
fn split_where<'a>(mut call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let mut parts = vec![Vec::new()];
    for (item, holds) in judged(&mut call, 0)? {
        match parts.last_mut() {
            Some(part) if !holds => part.push(item),
            _ => parts.push(Vec::new()),
        }
    }
    lists(&call, parts)
}

/// Lists of neighbours for which the lambda says the same.
fn slice_where<'a>(mut call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let mut parts: Vec<Vec<Datum<'a>>> = Vec::new();
    let mut before = None;
    for (item, holds) in judged(&mut call, 0)? {
        match parts.last_mut().filter(|_| before == Some(holds)) {
            Some(part) => part.push(item),
            None => parts.push(vec![item]),
        }
        before = Some(holds);
    }
    lists(&call, parts)
}

/// A list of lists.
pub(super) fn lists<'a>(call: &Call<'_, 'a>, parts: Vec<Vec<Datum<'a>>>) -> Result<Datum<'a>, Cause> {
    let parts = parts.into_iter().map(|part| call.evaluator.meter.list(part));
    let parts = parts.collect::<Result<_, _>>()?;
    call.evaluator.meter.list(parts)
}

/// From a first value on, the next made of the last, as long as the lambda holds.
fn generate<'a>(call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let meter = &call.evaluator.meter;
    let decycle = truth(&*call.value(4)?);
    let mut seen: Vec<Datum<'a>> = Vec::new();
    let mut made = Vec::new();
    let mut at = call.value(0)?;
    while truth(&*call.each(1, &at)?) {
        if decycle {
            meter.charge(seen.len() as u64)?;
            if seen.iter().any(|known| equal(known, &at)) {
                break;
            }
            seen.push(meter.again(&at)?);
        }
        meter.make(1 + made.len() as u64 / 64)?;
        made.push(keyed(&call, 3, &at)?);
        at = call.each(2, &at)?;
    }
    meter.list(made)
}
