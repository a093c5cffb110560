//! Functions of numbers, chance and time.

use std::borrow::Cow;
use std::hash::{BuildHasher, RandomState};

use serde_json::Value;

use super::call::Call;
use super::table::{Row, function};
use super::value::{Cause, Datum, Num, kind, text};

/// The rows.
pub(super) const ROWS: &[Row] = &[
    function("abs", "op", |call| match number(&call, 0)? {
        Num::Int(int) => Num::Int(int.abs()).value(),
        Num::Float(float) => Num::Float(float.abs()).value(),
    }),
    function("round", "number ndigits?", round),
    function("pow", "a b c?", pow),
    function("sign", "num", |call| {
        let number = number(&call, 0)?.float();
        Num::Int(i128::from(number > 0.0) - i128::from(number < 0.0)).value()
    }),
    function("range", "start stop? step?", range),
    function("random", "from? to?", random),
    // Not a clock that tests turn: what asks for it asks for the time of the day, whatever it is.
    function("now", "", |_| Ok(text(jiff::Timestamp::now().to_string()))),
];

fn number(call: &Call<'_, '_>, index: usize) -> Result<Num, Cause> {
    let value = call.value(index)?;
    Num::of(&value).ok_or_else(|| format!("a number is needed, not {}", kind(&value)))
}

/// Halves go to the even neighbour, as Python rounds.
fn round<'a>(call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let digits = i32::try_from(call.whole(1, 0)?.clamp(-300, 300)).unwrap_or(0);
    match number(&call, 0)? {
        Num::Int(int) if digits >= 0 => Num::Int(int).value(),
        whole => {
            let scale = 10f64.powi(digits);
            let scaled = (whole.float() * scale).round_ties_even() / scale;
            match whole {
                Num::Int(_) => Num::Int(scaled as i128).value(),
                Num::Float(float) => Num::Float(if scaled.is_finite() { scaled } else { float }).value(),
            }
        }
    }
}

fn pow<'a>(call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let large = || "the number is too large".to_owned();
    if call.has(2) {
        return modular(call.whole(0, 0)?, call.whole(1, 0)?, call.whole(2, 0)?);
    }
    match (number(&call, 0)?, number(&call, 1)?) {
        (Num::Int(a), Num::Int(b)) if b >= 0 => {
            let power = u32::try_from(b).ok().and_then(|b| a.checked_pow(b));
            Num::Int(power.ok_or_else(large)?).value()
        }
        (a, b) => Num::Float(a.float().powf(b.float())).value(),
    }
}

/// `pow(a, b, c)`: the remainder of a power, with the sign of the divisor.
fn modular<'a>(base: i64, power: i64, by: i64) -> Result<Datum<'a>, Cause> {
    let (by, mut left) =
        (i128::from(by), u64::try_from(power).map_err(|_| "a power below zero has no remainder")?);
    if by == 0 {
        return Err("cannot divide by zero".to_owned());
    }
    let size = by.abs();
    let (mut base, mut made) = (i128::from(base).rem_euclid(size), 1 % size);
    while left > 0 {
        if left % 2 == 1 {
            made = made * base % size;
        }
        base = base * base % size;
        left /= 2;
    }
    Num::Int(if by < 0 && made > 0 { made + by } else { made }).value()
}

/// `range(stop)`, `range(start, stop, step)`.
fn range<'a>(call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let (start, stop) =
        if call.has(1) { (call.whole(0, 0)?, call.whole(1, 0)?) } else { (0, call.whole(0, 0)?) };
    let step = call.whole(2, 1)?;
    if step == 0 {
        return Err("a step of zero leads nowhere".to_owned());
    }
    let count = (i128::from(stop) - i128::from(start)).div_euclid(i128::from(step));
    call.evaluator.meter.make(u64::try_from(count.max(0)).unwrap_or(u64::MAX).saturating_mul(16))?;
    let mut all = Vec::new();
    let mut at = start;
    while (step > 0 && at < stop) || (step < 0 && at > stop) {
        all.push(Cow::Owned(Value::from(at)));
        let Some(next) = at.checked_add(step) else { break };
        at = next;
    }
    call.evaluator.meter.list(all)
}

/// A number between 0 and 1, or a whole one between two.
fn random<'a>(call: Call<'_, 'a>) -> Result<Datum<'a>, Cause> {
    let bits = RandomState::new().hash_one(0);
    if !call.has(0) {
        return Num::Float((bits >> 11) as f64 / (1u64 << 53) as f64).value();
    }
    let (from, to) = (i128::from(call.whole(0, 0)?), i128::from(call.whole(1, 0)?));
    if to < from {
        return Err("the second number is smaller than the first".to_owned());
    }
    Num::Int(from + i128::from(bits) % (to - from + 1)).value()
}
