//! Operators on values.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::Value;

use super::evaluate::Evaluator;
use super::helpers;
use super::value::{Cause, Datum, Num, boolean, compare, equal, items, kind, mapping, size, text, truth};

/// `-x`, `+x`, `not x`.
pub(super) fn prefix<'a>(sign: &str, of: &Value) -> Result<Datum<'a>, Cause> {
    if sign == "not" {
        return Ok(boolean(!truth(of)));
    }
    let number = Num::of(of).ok_or_else(|| format!("`{sign}` needs a number, not {}", kind(of)))?;
    match (sign, number) {
        ("-", Num::Int(int)) => Num::Int(-int).value(),
        ("-", Num::Float(float)) => Num::Float(-float).value(),
        _ => number.value(),
    }
}

/// `left sign right`, both known.
pub(super) fn infix<'a>(
    evaluator: &Evaluator<'a>,
    sign: &str,
    left: Datum<'a>,
    right: Datum<'a>,
) -> Result<Datum<'a>, Cause> {
    let charge = |units| evaluator.meter.charge(units);
    match sign {
        "=" | "!=" => {
            charge(size(&left).min(size(&right)) / 8)?;
            Ok(boolean(equal(&left, &right) == (sign == "=")))
        }
        "<" | "<=" | ">" | ">=" => {
            let found = compare(&left, &right).map_err(|why| format!("`{sign}`: {why}"))?;
            Ok(boolean(match sign {
                "<" => found == Ordering::Less,
                "<=" => found != Ordering::Greater,
                ">" => found == Ordering::Greater,
                _ => found != Ordering::Less,
            }))
        }
        "in" => contains(evaluator, &right, &left).map(boolean),
        "=~" | "!~" => {
            let found = helpers::search(evaluator, &left, &right)?;
            Ok(boolean(found == (sign == "=~")))
        }
        "+" => add(evaluator, left, right),
        "*" => times(evaluator, left, right),
        _ => arithmetic(sign, &left, &right),
    }
}

/// `wanted in all`.
pub(super) fn contains(evaluator: &Evaluator<'_>, all: &Value, wanted: &Value) -> Result<bool, Cause> {
    evaluator.meter.charge(size(all) / 8)?;
    match (all, wanted) {
        (Value::Array(items), _) => Ok(items.iter().any(|item| equal(item, wanted))),
        (Value::String(text), Value::String(part)) => Ok(text.contains(part.as_str())),
        (Value::Object(_), _) => {
            Err("`in` does not look into a mapping: write `d.containsKey(k)`".to_owned())
        }
        _ => Err(mismatch("in", wanted, all)),
    }
}

fn mismatch(sign: &str, left: &Value, right: &Value) -> Cause {
    format!("`{sign}` does not work on {} and {}", kind(left), kind(right))
}

/// `a + b`: numbers, texts, lists, mappings.
pub(super) fn add<'a>(
    evaluator: &Evaluator<'a>,
    left: Datum<'a>,
    right: Datum<'a>,
) -> Result<Datum<'a>, Cause> {
    match (&*left, &*right) {
        (Value::String(a), Value::String(b)) => {
            evaluator.meter.make((a.len() + b.len()) as u64)?;
            Ok(text(format!("{a}{b}")))
        }
        (Value::Array(_), Value::Array(_)) => {
            evaluator.meter.make(size(&left) + size(&right))?;
            let mut all = items(left)?;
            all.extend(items(right)?);
            evaluator.meter.list(all)
        }
        (Value::Object(_), Value::Object(_)) => {
            evaluator.meter.make(size(&left) + size(&right))?;
            let mut all = mapping(left)?;
            all.extend(mapping(right)?);
            Ok(Cow::Owned(Value::Object(all)))
        }
        _ => arithmetic("+", &left, &right),
    }
}

/// `a * b`: numbers, or a text or a list repeated.
fn times<'a>(evaluator: &Evaluator<'a>, left: Datum<'a>, right: Datum<'a>) -> Result<Datum<'a>, Cause> {
    let (repeated, count) = if right.is_i64() { (&left, &right) } else { (&right, &left) };
    let (Some(count), true) = (count.as_i64(), repeated.is_string() || repeated.is_array()) else {
        return arithmetic("*", &left, &right);
    };
    let count = usize::try_from(count.max(0)).unwrap_or(usize::MAX);
    evaluator.meter.make(size(repeated).saturating_mul(count as u64))?;
    match &**repeated {
        Value::String(one) => Ok(text(one.repeat(count))),
        other => {
            let one = items(Cow::Borrowed(other))?;
            let all = one.iter().cycle().take(one.len() * count).cloned().collect();
            evaluator.meter.list(all)
        }
    }
}

fn arithmetic<'a>(sign: &str, left: &Value, right: &Value) -> Result<Datum<'a>, Cause> {
    let (Some(a), Some(b)) = (Num::of(left), Num::of(right)) else { return Err(mismatch(sign, left, right)) };
    if matches!(sign, "/" | "mod") && b.float() == 0.0 {
        return Err("cannot divide by zero".to_owned());
    }
    let result = match (a, b) {
        (Num::Int(a), Num::Int(b)) => whole(sign, a, b).map(Num::Int),
        (a, b) => decimal(sign, a.float(), b.float()).map(Num::Float),
    };
    result.ok_or_else(|| "the number is too large".to_owned())?.value()
}

fn whole(sign: &str, a: i128, b: i128) -> Option<i128> {
    match sign {
        "+" => a.checked_add(b),
        "-" => a.checked_sub(b),
        "*" => a.checked_mul(b),
        // Rounded down, and the remainder with the sign of the divisor, as in Python.
        "/" => Some(a.div_euclid(b) - i128::from(b < 0 && a.rem_euclid(b) != 0)),
        _ => {
            let rest = a.checked_rem(b)?;
            Some(if rest != 0 && (rest < 0) != (b < 0) { rest + b } else { rest })
        }
    }
}

fn decimal(sign: &str, a: f64, b: f64) -> Option<f64> {
    Some(match sign {
        "+" => a + b,
        "-" => a - b,
        "*" => a * b,
        "/" => a / b,
        _ => a - (a / b).floor() * b,
    })
}
