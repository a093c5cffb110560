//! `access.yaml` as it is written.

use serde::Deserialize;
use serde_json::Value;

use crate::config::yaml::{Pairs, Spanned};

/// The whole file; every part may be missing.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct File {
    /// People by name, with their ids on the chat services.
    pub(super) people: Pairs<Vec<Spanned<String>>>,
    /// Groups by name, with the names of their people.
    pub(super) groups: Pairs<Vec<Spanned<String>>>,
    /// Roles by name, with what they allow.
    pub(super) roles: Pairs<Vec<Spanned<Entry>>>,
    /// Which role is given to whom.
    pub(super) grants: Vec<Grant>,
    /// What is allowed to all, unproven persons too.
    pub(super) everyone: Vec<Spanned<Entry>>,
}

/// One thing that a role allows.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Entry {
    /// Actions and commands to run.
    pub(super) run: Vec<Spanned<String>>,
    /// Actions and commands to approve.
    pub(super) approve: Vec<Spanned<String>>,
    /// Argument values.
    pub(super) with: Pairs<Vec<Option<String>>>,
    /// Places.
    #[serde(rename = "in")]
    pub(super) places: Vec<Spanned<String>>,
    /// Who must approve what it allows to run.
    pub(super) approval: Option<Spanned<Value>>,
}

/// A role given to people and groups.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Grant {
    pub(super) role: Spanned<String>,
    pub(super) to: Vec<Spanned<String>>,
}
