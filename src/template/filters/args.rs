//! Arguments of filters that Jinja takes by place or by name.

use minijinja::value::Kwargs;
use minijinja::{Error, Value};

/// The argument, unless it is missing or none.
pub(super) fn given(args: &[Value], at: usize, kwargs: &Kwargs, name: &str) -> Result<Option<Value>, Error> {
    let value: Option<Value> = match args.get(at) {
        Some(value) => Some(value.clone()),
        None => kwargs.get(name)?,
    };
    Ok(value.filter(|value| !value.is_none() && !value.is_undefined()))
}

/// A number that is not negative.
pub(super) fn count(args: &[Value], at: usize, kwargs: &Kwargs, name: &str) -> Result<Option<usize>, Error> {
    given(args, at, kwargs, name)?.map(usize::try_from).transpose()
}

/// Yes or no: any value, as Python sees it.
pub(super) fn flag(args: &[Value], at: usize, kwargs: &Kwargs, name: &str) -> Result<Option<bool>, Error> {
    Ok(given(args, at, kwargs, name)?.map(|value| value.is_true()))
}

/// Text.
pub(super) fn words(args: &[Value], at: usize, kwargs: &Kwargs, name: &str) -> Result<Option<String>, Error> {
    Ok(given(args, at, kwargs, name)?.map(|value| value.to_string()))
}
