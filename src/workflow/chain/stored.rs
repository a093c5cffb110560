//! A running chain in parts, as a workflow is: see `conductor/parts.rs`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::run::State;
use super::{Around, ChainRun, Names, Step, read};
use crate::model::Status;
use crate::workflow::conductor::{json, many, one, unreadable};
use crate::workflow::{Change, RestoreError};

#[derive(Serialize, Deserialize)]
struct Head {
    status: Option<Status>,
    vars: Names,
    published: Names,
    next: Option<String>,
    error: Option<String>,
}

impl ChainRun {
    /// What changed since the last call.
    pub(super) fn changes(&mut self) -> Vec<Change> {
        let mut changes = Vec::new();
        let mut put = |key: &str, value: String| changes.push(Change::Put { key: key.to_owned(), value });
        if std::mem::take(&mut self.fresh) {
            put("chain", json(&self.chain.source));
            put("inputs", json(&self.state.inputs));
        }
        let State { status, vars, published, next, error, .. } = &self.state;
        let (vars, published) = (vars.clone(), published.clone());
        put(
            "head",
            json(&Head { status: *status, vars, published, next: next.clone(), error: error.clone() }),
        );
        for step in std::mem::take(&mut self.dirty) {
            put(&format!("step/{step}"), json(&self.state.steps[step]));
        }
        changes
    }

    /// A chain as it was when its last changes were taken.
    pub fn restore(
        parts: impl IntoIterator<Item = (String, String)>,
        around: Around,
    ) -> Result<Self, RestoreError> {
        let parts: BTreeMap<String, String> = parts.into_iter().collect();
        let source: String = one(&parts, "chain")?;
        let (chain, _) = read(Path::new("chain"), &source).map_err(|error| unreadable("chain", error))?;
        let Head { status, vars, published, next, error } = one(&parts, "head")?;
        let steps: Vec<Step> = many(&parts, "step/")?;
        let inputs = one(&parts, "inputs")?;
        let state = State { status, inputs, vars, published, steps, next, error };
        let chain = Arc::new(chain);
        Ok(Self { chain, around, state, events: Vec::new(), dirty: Default::default(), fresh: false })
    }
}
