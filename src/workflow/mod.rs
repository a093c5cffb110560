//! Workflows, as StackStorm's Orquesta and action chains define them: pure, values in, decisions out.
//!
//! [`expression`] evaluates `<% YAQL %>` and `{{ Jinja }}` in the strings of a workflow.

pub mod expression;
mod finding;
pub mod spec;

pub use finding::{Category, Finding};
