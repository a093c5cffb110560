//! What one evaluation may cost. Work is counted, not timed, so that an expression does the same on
//! every machine: a hostile one ends in an error within about a second and some tens of mebibytes.

use std::borrow::Cow;
use std::cell::Cell;

use serde_json::Value;

use super::value::{Cause, Datum, size};

/// Steps, and bytes that are made or looked through.
const WORK: u64 = 16 * 1024 * 1024;

/// The largest value that an expression may make, in the units of [`size`].
const LARGEST: u64 = 4 * 1024 * 1024;

/// What is left for one evaluation.
pub(super) struct Meter {
    left: Cell<u64>,
}

impl Default for Meter {
    fn default() -> Self {
        Self { left: Cell::new(WORK) }
    }
}

impl Meter {
    /// Takes `units` from what is left.
    pub(super) fn charge(&self, units: u64) -> Result<(), Cause> {
        let left = self.left.get().checked_sub(units);
        self.left.set(left.unwrap_or(0));
        left.map(drop).ok_or_else(|| "the expression does too much work".to_owned())
    }

    /// Charges for a value about to be made, and refuses one that is too large.
    pub(super) fn make(&self, units: u64) -> Result<(), Cause> {
        if units > LARGEST {
            return Err("the result is too large".to_owned());
        }
        self.charge(units)
    }

    /// A value of one's own; copying is charged for.
    pub(super) fn own(&self, value: Datum<'_>) -> Result<Value, Cause> {
        match value {
            Cow::Owned(value) => Ok(value),
            Cow::Borrowed(value) => {
                self.make(size(value))?;
                Ok(value.clone())
            }
        }
    }

    /// A second handle on a value; copying is charged for.
    pub(super) fn again<'a>(&self, value: &Datum<'a>) -> Result<Datum<'a>, Cause> {
        if let Cow::Owned(value) = value {
            self.make(size(value))?;
        }
        Ok(value.clone())
    }

    /// A list of values.
    pub(super) fn list<'a>(&self, values: Vec<Datum<'_>>) -> Result<Datum<'a>, Cause> {
        self.make(values.len() as u64)?;
        let values = values.into_iter().map(|value| self.own(value)).collect::<Result<_, _>>()?;
        Ok(Cow::Owned(Value::Array(values)))
    }
}
