//! Jinja templates as StackStorm's aliases use them: MiniJinja, Python's printing, bounds.
//!
//! What a template may use is listed in `docs/templates.md`. Values are never templates: only the
//! text an admin wrote is.

mod condition;
mod datastore;
mod env;
mod error;
mod expressions;
#[expect(clippy::needless_pass_by_value, reason = "the engine hands arguments over by value")]
mod filters;
mod globals;
#[cfg(test)]
mod hostile;
mod includes;
mod lexer;
mod limits;
mod list;
mod methods;
mod named;
mod operands;
#[expect(clippy::needless_pass_by_value, reason = "the engine hands arguments over by value")]
mod operators;
mod place;
mod prepare;
mod python;
mod render;
mod secrets;
#[cfg(test)]
mod tests;

pub use condition::Conditions;
pub use datastore::{Datastore, Kept, Whose, split as split_key};
pub use error::TemplateError;
pub use expressions::{Answer, Expressions, Question, printed};
pub use filters::nearest as nearest_filter;
pub use limits::Limits;
pub use named::named;
pub use render::{DEFAULT_RESULT, Options, Templates, Undefined};
pub use secrets::decrypt as decrypt_stackstorm;
