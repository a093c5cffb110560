//! Workflows, as StackStorm's Orquesta and action chains define them: pure, values in, decisions out.
//!
//! A [`Plan`] is a workflow file that was read and inspected. A [`Conductor`] runs one: told what ended, it says
//! what is to start. [`expression`] evaluates `<% YAQL %>` and `{{ Jinja }}` in the strings of both.

pub mod chain;
mod conductor;
pub mod expression;
mod finding;
mod flow;
mod graph;
mod inspect;
mod kind;
mod plan;
pub mod simulate;
pub mod spec;
mod truth;

use serde_json::Value;

pub use conductor::{
    Begin, Change, Conductor, Event, Fault, Item, Offer, Refusal, Rerun, RestoreError, Run, State, TaskStatus,
};
pub use finding::{Category, Finding};
pub use flow::Flow;
pub use inspect::{Actions, Parameter};
pub use kind::{GIVEN, inspect_file, is_chain};
pub use plan::Plan;

/// Where the expressions of a workflow find stored values: `st2kv("system.a", decrypt => true)`.
pub trait Datastore: Send + Sync {
    /// The value of a key. Without a default a missing key is an error: lower case, no full stop.
    fn get(&self, key: &str, decrypt: bool, default: Option<Value>) -> Result<Value, String>;
}

/// A datastore that holds nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoData;

impl Datastore for NoData {
    fn get(&self, key: &str, _: bool, default: Option<Value>) -> Result<Value, String> {
        default.ok_or_else(|| format!("the datastore has no key `{key}`"))
    }
}
