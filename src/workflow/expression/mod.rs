//! Expressions in the strings of a workflow: `<% YAQL %>` and `{{ Jinja }}`.
//!
//! What they may use is in `docs/workflows.md`. Data is never evaluated: only the text an admin wrote is.

mod asked;
mod error;
mod evaluation;
mod inspection;
mod jinja;
mod parts;
mod reads;
mod scope;
#[cfg(test)]
mod tests;
mod yaql;

pub use error::{ExpressionError, Language};
pub use inspection::{Inspection, Problem, Read, Severity};
pub use scope::{Alone, Scope};

use serde_json::Value;

use self::parts::{Part, cut, has_block};

/// What is said of a text in which both languages are used.
const TWO_LANGUAGES: &str = "one text has expressions of two languages: use either `<% %>` or `{{ }}`";

/// Evaluates every expression in `value`, at any depth, keys of mappings too.
///
/// A text that is one expression and nothing else keeps its type; otherwise each is written into the text
/// as Python prints it. `{"n": "<% ctx().n %>"}` gives `{"n": 3}`, `"n=<% ctx().n %>"` gives `"n=3"`.
/// What an expression gives is data, and is never evaluated.
///
/// # Errors
/// The first expression that has no value; each has limits on its depth, work and size.
pub fn evaluate(value: &Value, scope: &dyn Scope) -> Result<Value, ExpressionError> {
    evaluation::walk(value, scope, 0)
}

/// Looks at one text: does each expression parse, are its functions known, which variables does it read?
pub fn inspect(text: &str) -> Inspection {
    inspection::inspect(text)
}

/// Whether a text has an expression, of either language.
pub fn is_expression(text: &str) -> bool {
    has_block(text) || cut(text).iter().any(|part| matches!(part, Part::Expression { .. }))
}

/// A value as Python prints it: `True`, `None`, `[1, 'a']`.
///
/// # Errors
/// It is too large, or nested too deep.
pub fn print(value: &Value) -> Result<String, String> {
    crate::template::printed(value)
}
