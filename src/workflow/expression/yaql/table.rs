//! The functions and methods, one row each. Parameters are listed by name: `x?` may be left out, `*`
//! are any number more, `=>` are pairs, `**` are any names.

use super::call::Call;
use super::value::{Cause, Datum};
use super::{asked, choices, edits, helpers, lists, maps, numbers, queries, texts};
use crate::config::nearest::nearest;

/// How a function is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `f(x)`.
    Function,
    /// `x.f()`.
    Method,
    /// Both.
    Both,
}

/// What a function does.
pub(super) type Run = for<'c, 'a> fn(Call<'c, 'a>) -> Result<Datum<'a>, Cause>;

/// A function.
pub(super) struct Row {
    /// Its name.
    pub(super) name: &'static str,
    /// How it is called.
    pub(super) form: Form,
    /// Its parameters without what a method is called on.
    pub(super) params: &'static str,
    /// What it does.
    pub(super) run: Run,
}

/// `f(x)`.
pub(super) const fn function(name: &'static str, params: &'static str, run: Run) -> Row {
    Row { name, form: Form::Function, params, run }
}

/// `x.f()`.
pub(super) const fn method(name: &'static str, params: &'static str, run: Run) -> Row {
    Row { name, form: Form::Method, params, run }
}

/// `f(x)` and `x.f()`.
pub(super) const fn both(name: &'static str, params: &'static str, run: Run) -> Row {
    Row { name, form: Form::Both, params, run }
}

/// Every row, by theme.
fn rows() -> impl Iterator<Item = &'static Row> {
    let themes = [
        asked::ROWS,
        choices::ROWS,
        texts::ROWS,
        lists::ROWS,
        queries::ROWS,
        edits::ROWS,
        maps::ROWS,
        numbers::ROWS,
        helpers::ROWS,
    ];
    themes.into_iter().flatten()
}

/// The row for a name called in a form.
pub(super) fn find(name: &str, form: Form) -> Result<&'static Row, Cause> {
    let named = || rows().filter(|row| row.name == name);
    if let Some(row) = named().find(|row| row.form == form || row.form == Form::Both) {
        return Ok(row);
    }
    Err(match (named().next(), form) {
        (Some(_), Form::Method) => format!("`{name}` is no method: write `{name}(x)`"),
        (Some(_), _) => format!("`{name}` is a method: write `x.{name}()`"),
        (None, _) => {
            let what = if form == Form::Method { "method" } else { "function" };
            match nearest(name, rows().map(|row| row.name)) {
                Some(near) => format!("unknown {what} `{name}`: did you mean `{near}`?"),
                None => format!("unknown {what} `{name}`"),
            }
        }
    })
}
