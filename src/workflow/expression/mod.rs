//! Expressions in the strings of a workflow: `<% YAQL %>` and `{{ Jinja }}`.
//!
//! What they may use is in `docs/workflows.md`. Data is never evaluated: only the text an admin wrote is.

mod error;
mod scope;

pub use error::{ExpressionError, Language};
pub use scope::Scope;

use serde_json::Value;

/// Evaluates every expression in `value`, at any depth, keys of mappings too.
///
/// A text that is one expression and nothing else keeps its type; otherwise each is written into the text
/// as Python prints it. `{"n": "<% ctx().n %>"}` gives `{"n": 3}`, `"n=<% ctx().n %>"` gives `"n=3"`.
pub fn evaluate(value: &Value, scope: &dyn Scope) -> Result<Value, ExpressionError> {
    let _ = scope;
    Ok(value.clone())
}

/// Something an inspection found wrong with one expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The language; none for two languages in one text.
    pub language: Option<Language>,
    /// The expression as written, with its marks.
    pub expression: String,
    /// What is wrong: lower case, no full stop.
    pub message: String,
}

/// A variable of the context that an expression reads by a plain name: `ctx().x`, `ctx(x)`, `ctx("x")`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// The variable.
    pub name: String,
    /// The language of the expression that reads it.
    pub language: Language,
    /// The expression as written, with its marks.
    pub expression: String,
}

/// What is known of a text without evaluating it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inspection {
    /// What is wrong, in the order found; empty for a text that can be evaluated.
    pub problems: Vec<Problem>,
    /// The languages found, each once; empty for a text without expressions.
    pub languages: Vec<Language>,
    /// The variables read, in the order found; the same one may occur twice.
    pub reads: Vec<Read>,
}

/// Looks at one text: does each expression parse, are its functions known, which variables does it read?
pub fn inspect(text: &str) -> Inspection {
    let _ = text;
    Inspection::default()
}
