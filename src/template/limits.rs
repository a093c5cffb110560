//! What a template may cost: steps, work and output. A hostile template ends in an error within
//! about a second and a few tens of mebibytes.

use std::io;

use minijinja::value::ValueKind;
use minijinja::{Error, ErrorKind, State, Value};

/// How large things may get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Steps of the engine.
    pub fuel: u64,
    /// Bytes of output.
    pub output: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { fuel: 2_000_000, output: 1024 * 1024 }
    }
}

/// The largest single value in bytes and items: text, or a list with all that is in it.
pub(crate) const LARGEST: usize = 4 * 1024 * 1024;

/// What filters, methods and printing may handle in one rendering, in bytes and items. This bounds
/// memory too: what is made is never larger than what was charged for.
const WORK: usize = 32 * 1024 * 1024;

/// What a value inside a list or mapping counts, beside its own bytes.
const ITEM: usize = 16;

/// How deep lists and mappings may nest when they are printed or measured.
const DEEPEST: usize = 64;

/// What is left of [`WORK`] in this rendering.
struct Budget(usize);

/// Takes `units` from the rendering's budget.
pub(crate) fn charge(state: &mut State<'_, '_>, units: usize) -> Result<(), Error> {
    let budget = state.get_or_insert_extension_with(|| Budget(WORK));
    budget.0 = budget.0.checked_sub(units).ok_or_else(|| failed("the template does too much work"))?;
    Ok(())
}

/// The budget's remainder at most, and never more than [`LARGEST`].
pub(crate) fn room(state: &mut State<'_, '_>) -> usize {
    state.get_or_insert_extension_with(|| Budget(WORK)).0.min(LARGEST)
}

/// An error about a value.
pub(crate) fn failed(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::InvalidOperation, message)
}

/// The size of a value with all that is in it, in bytes and items.
pub(crate) fn measure(value: &Value) -> Result<usize, Error> {
    let mut left = LARGEST;
    walk(value, &mut left, 0)?;
    Ok(LARGEST - left)
}

fn walk(value: &Value, left: &mut usize, depth: usize) -> Result<(), Error> {
    if depth > DEEPEST {
        return Err(failed("a value is nested too deep"));
    }
    take(left, ITEM)?;
    match value.kind() {
        ValueKind::String | ValueKind::Bytes => take(left, value.len().unwrap_or(0)),
        ValueKind::Seq => value.try_iter()?.try_for_each(|item| walk(&item, left, depth + 1)),
        ValueKind::Map => value.try_iter()?.try_for_each(|key| {
            walk(&key, left, depth + 1)?;
            walk(&value.get_item(&key)?, left, depth + 1)
        }),
        // An iterable may be without end: what it gives is charged for when it is walked.
        ValueKind::Iterable => take(left, value.len().unwrap_or(0)),
        _ => Ok(()),
    }
}

fn take(left: &mut usize, units: usize) -> Result<(), Error> {
    *left = left.checked_sub(units).ok_or_else(|| failed("a value is too large"))?;
    Ok(())
}

/// What the arguments of a filter cost: text by its bytes, lists by four for each item.
pub(crate) fn cost(args: &[Value]) -> usize {
    args.iter().map(size).sum()
}

fn size(value: &Value) -> usize {
    let length = value.len().unwrap_or(0);
    if value.as_str().is_some() { 1 + length } else { 1 + length * 4 }
}

/// Collects output up to a limit.
pub(crate) struct Bounded {
    pub(crate) text: Vec<u8>,
    pub(crate) most: usize,
}

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.text.len() + bytes.len() > self.most {
            return Err(io::Error::other(format!("the output is larger than {} bytes", self.most)));
        }
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
