//! Functions of lists that take no lambda; some work on texts and mappings too.

use std::borrow::Cow;

use serde_json::Value;

use super::call::Call;
use super::operators::contains;
use super::steps::Use;
use super::table::{Row, both, function, method};
use super::texts::{joined, position, replaced};
use super::value::{Cause, Datum, boolean, compare, count, equal, items, kind, size, text};

/// The rows.
pub(super) const ROWS: &[Row] = &[
    both("len", "", len),
    method("count", "", |mut call| Ok(count(call.items_of()?.len()))),
    function("list", "*", list),
    method("toList", "", |mut call| call.items_of().and_then(|all| call.evaluator.meter.list(all))),
    method("flatten", "", flatten),
    method("first", "default?", |call| end(call, |all| all.into_iter().next())),
    method("last", "default?", |call| end(call, |mut all| all.pop())),
    method("single", "", single),
    method("skip", "count", skip),
    method("limit", "count", limit),
    method("take", "count", limit),
    both("append", "*", append),
    both("concat", "*", concat),
    both("enumerate", "start?", enumerate),
    method("reverse", "", reverse),
    method("contains", "value", |mut call| {
        let of = call.of();
        if !of.is_array() {
            return Err(format!("a list is needed, not {}", kind(&of)));
        }
        contains(call.evaluator, &of, &*call.value(0)?).map(boolean)
    }),
    method("indexOf", "item start? length?", |call| index_of(call, false)),
    method("lastIndexOf", "item start? length?", |call| index_of(call, true)),
    method("join", "separator", join),
    method("zip", "*", zip),
    method("zipLongest", "* **", zip_longest),
    method("max", "initial?", |call| best(call, std::cmp::Ordering::is_gt)),
    method("min", "initial?", |call| best(call, std::cmp::Ordering::is_lt)),
    method("sum", "initial?", sum),
    method("memorize", "", |mut call| Ok(call.of())),
];

fn len<'a>(mut call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    match &*call.of() {
        Value::String(text) => Ok(count(text.chars().count())),
        Value::Array(items) => Ok(count(items.len())),
        Value::Object(map) => Ok(count(map.len())),
        other => Err(format!("{} has no length", kind(other))),
    }
}

/// A list of its arguments; what is made step by step, such as `range(3)`, gives its items.
fn list<'a>(call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let mut all = Vec::new();
    for (value, node) in call.rest()?.into_iter().zip(call.rest_nodes()) {
        let steps = match node {
            Some(node) => value.is_array() && call.walks(node, Use::Listed)?,
            None => false,
        };
        if steps {
            all.extend(items(value)?);
        } else {
            all.push(value);
        }
    }
    call.evaluator.meter.list(all)
}

fn flatten<'a>(mut call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    fn walk(value: Value, out: &mut Vec<Value>) {
        match value {
            Value::Array(items) => items.into_iter().for_each(|item| walk(item, out)),
            other => out.push(other),
        }
    }
    let all = call.items_of()?;
    let mut out = Vec::new();
    for item in all {
        walk(call.evaluator.meter.own(item)?, &mut out);
    }
    Ok(Cow::Owned(Value::Array(out)))
}

fn end<'a>(
    mut call: Call<'_, 'a>,
    take: fn(Vec<Datum<'a>>) -> Option<Datum<'a>>,
) -> Result<Datum<'a>, Cause> {
    let default = call.optional(0)?;
    take(call.items_of()?).or(default).ok_or_else(|| "the list is empty".to_owned())
}

fn single<'a>(mut call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let mut all = call.items_of()?;
    match (all.pop(), all.is_empty()) {
        (Some(only), true) => Ok(only),
        (None, _) => Err("the list is empty".to_owned()),
        _ => Err("the list has more than one item".to_owned()),
    }
}

fn skip<'a>(mut call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let skipped = call.size(0, 0)?;
    let all = call.items_of()?.into_iter().skip(skipped).collect();
    call.evaluator.meter.list(all)
}

fn limit<'a>(mut call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let most = call.size(0, 0)?;
    let all = call.items_of()?.into_iter().take(most).collect();
    call.evaluator.meter.list(all)
}

fn append<'a>(mut call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let mut all = call.items_of()?;
    all.extend(call.rest()?);
    call.evaluator.meter.list(all)
}

/// Texts to one text, lists to one list.
fn concat<'a>(mut call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let mut parts = vec![call.of()];
    parts.extend(call.rest()?);
    if parts.iter().all(|part| part.is_string()) {
        return joined(&call, &parts, "");
    }
    let mut all = Vec::new();
    for part in parts {
        all.extend(items(part)?);
    }
    call.evaluator.meter.list(all)
}

fn enumerate<'a>(mut call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let start = call.whole(0, 0)?;
    let all = call.items_of()?;
    let pairs = all.into_iter().zip(0..).map(|(item, index)| {
        let number = Cow::Owned(Value::from(start.saturating_add(index)));
        call.evaluator.meter.list(vec![number, item])
    });
    let pairs = pairs.collect::<Result<_, _>>()?;
    call.evaluator.meter.list(pairs)
}

fn reverse<'a>(mut call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let mut all = call.items_of()?;
    all.reverse();
    call.evaluator.meter.list(all)
}

fn index_of<'a>(mut call: Call<'_, 'a>, last: bool) -> Result<Datum<'a>, Cause> {
    let of = call.of();
    let wanted = call.value(0)?;
    let found = match (&*of, &*wanted) {
        (Value::String(whole), Value::String(part)) => {
            let length = if call.has(2) { Some(call.size(2, 0)?) } else { None };
            position(whole, part, call.size(1, 0)?, length, last)
        }
        (Value::Array(_), _) if call.has(1) => {
            return Err("in a list the whole is looked through: write `l.skip(n).indexOf(x)`".to_owned());
        }
        (Value::Array(items), wanted) => {
            call.evaluator.meter.charge(size(&of) / 8)?;
            let mut places = items.iter().zip(0i64..).filter(|(item, _)| equal(item, wanted));
            let found = if last { places.last() } else { places.next() };
            found.map_or(-1, |(_, at)| at)
        }
        (other, _) => return Err(format!("nothing can be looked for in {}", kind(other))),
    };
    Ok(Cow::Owned(Value::from(found)))
}

/// `list.join(",")` and `",".join(list)`.
fn join<'a>(mut call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let (of, other) = (call.of(), call.value(0)?);
    let (parts, between) = if of.is_array() { (of, other) } else { (other, of) };
    let between =
        between.as_str().ok_or_else(|| format!("the separator is {}, not a text", kind(&between)))?;
    joined(&call, &items(parts)?, between)
}

/// Tuples of the first items, the second items, ...; as long as the shortest list.
fn zip<'a>(mut call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let mut lists = vec![call.items_of()?];
    for list in call.rest()? {
        lists.push(items(list)?);
    }
    let shortest = lists.iter().map(Vec::len).min().unwrap_or(0);
    rows_of(&call, lists, shortest, &super::value::NULL)
}

/// The same, as long as the longest; `default => x` fills in.
fn zip_longest<'a>(mut call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let mut lists = vec![call.items_of()?];
    for list in call.rest()? {
        lists.push(items(list)?);
    }
    padded(&call, lists, "default")
}

/// Rows as long as the longest list; the named argument `pad` fills in, else null.
pub(super) fn padded<'a>(
    call: &Call<'_, 'a>,
    lists: Vec<Vec<Datum<'a>>>,
    pad: &str,
) -> Result<Datum<'a>, Cause> {
    let mut filler = super::value::NULL;
    for (name, value) in call.named()? {
        if name != pad {
            return Err(format!("`{}` has no argument `{name}`, only `{pad}`", call.name));
        }
        filler = value;
    }
    let longest = lists.iter().map(Vec::len).max().unwrap_or(0);
    rows_of(call, lists, longest, &filler)
}

fn rows_of<'a>(
    call: &Call<'_, 'a>,
    lists: Vec<Vec<Datum<'a>>>,
    length: usize,
    pad: &Datum<'a>,
) -> Result<Datum<'a>, Cause> {
    let mut lists: Vec<_> = lists.into_iter().map(Vec::into_iter).collect();
    let mut rows = Vec::new();
    for _ in 0..length {
        let row =
            lists.iter_mut().map(|list| list.next().map_or_else(|| call.evaluator.meter.again(pad), Ok));
        let row = row.collect::<Result<_, _>>()?;
        rows.push(call.evaluator.meter.list(row)?);
    }
    call.evaluator.meter.list(rows)
}

fn best<'a>(mut call: Call<'_, 'a>, wanted: fn(std::cmp::Ordering) -> bool) -> Result<Datum<'a>, Cause> {
    let mut best = call.optional(0)?;
    for item in call.items_of()? {
        best = match best {
            Some(best) if !wanted(compare(&item, &best)?) => Some(best),
            _ => Some(item),
        };
    }
    best.ok_or_else(|| "the list is empty".to_owned())
}

fn sum<'a>(mut call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let mut total = call.optional(0)?;
    for item in call.items_of()? {
        total = Some(match total {
            Some(total) => super::choices::sum(&call, total, item)?,
            None => item,
        });
    }
    total.ok_or_else(|| "the list is empty".to_owned())
}

/// `replace` of a text: one text by another, or all keys of a mapping by their values.
pub(super) fn replace_text<'a>(call: &Call<'_, 'a>, whole: &str) -> Result<Datum<'a>, Cause> {
    let old = call.value(0)?;
    if let Value::Object(pairs) = &*old {
        let mut out = whole.to_owned();
        for (old, new) in pairs {
            out = replaced(call, &out, old, &super::choices::written(new)?, call.whole(1, -1)?)?;
        }
        return Ok(text(out));
    }
    replaced(call, whole, &call.text(0)?, &call.text(1)?, call.whole(2, -1)?).map(text)
}
